-- Event triggers that nobody's extension brought.
SELECT jsonb_build_object('name', e.evtname, 'event', e.evtevent, 'tags', coalesce(to_jsonb(e.evttags), '[]'),
                          'enabled', e.evtenabled <> 'D')::text
  FROM pg_event_trigger e
 WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_event_trigger'::regclass
                      AND d.objid = e.oid AND d.deptype = 'e')
 ORDER BY e.evtname
