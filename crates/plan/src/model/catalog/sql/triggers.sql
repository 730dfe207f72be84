-- Users' triggers, and ours. tgtype bits: 1 row, 2 before, 4 insert, 16 update.
SELECT jsonb_build_object(
  'on', jsonb_build_object('schema', n.nspname, 'name', c.relname),
  'is', jsonb_build_object(
    'name', t.tgname, 'before', t.tgtype & 2 <> 0, 'row', t.tgtype & 1 <> 0,
    'on_insert', t.tgtype & 4 <> 0, 'on_update', t.tgtype & 16 <> 0,
    'update_columns', coalesce((SELECT jsonb_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
                                 WHERE a.attrelid = c.oid AND a.attnum = ANY (t.tgattr::int2[])), '[]'),
    'enabled', t.tgenabled <> 'D',
    'ours', fn.nspname = 'changeover')
)::text
  FROM pg_trigger t
  JOIN pg_class c ON c.oid = t.tgrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_proc f ON f.oid = t.tgfoid
  JOIN pg_namespace fn ON fn.oid = f.pronamespace
 WHERE NOT t.tgisinternal
   AND n.nspname NOT IN ('changeover', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY n.nspname, c.relname, t.tgname
