-- Columns of users' relations in order. What only newer majors have is read through to_jsonb.
SELECT jsonb_build_object(
  'on', jsonb_build_object('schema', n.nspname, 'name', c.relname),
  'is', jsonb_build_object(
    'name', a.attname, 'type_sql', format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
    'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    'generated', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    'computed_on_read', a.attgenerated = 'v',
    'identity', a.attidentity <> '', 'identity_always', a.attidentity = 'a',
    'collation', CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0 THEN
        (SELECT jsonb_build_object('schema', cn.nspname, 'name', co.collname)
           FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
          WHERE co.oid = a.attcollation) END,
    'inherited', a.attinhcount > 0,
    'storage', CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END,
    'compression', nullif(to_jsonb(a) ->> 'attcompression', ''),
    'sequence', (SELECT jsonb_build_object('schema', sn.nspname, 'name', s.relname)
                   FROM pg_depend o JOIN pg_class s ON s.oid = o.objid AND s.relkind = 'S'
                   JOIN pg_namespace sn ON sn.oid = s.relnamespace
                  WHERE o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass
                    AND o.refobjid = c.oid AND o.refobjsubid = a.attnum
                    AND o.deptype IN ('a', 'i') LIMIT 1))
)::text
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND n.nspname NOT IN ('changeover', 'information_schema')
   AND (n.nspname NOT LIKE 'pg\_%' OR c.relpersistence = 't')
 ORDER BY n.nspname, c.relname, a.attnum
