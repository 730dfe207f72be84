-- Extended statistics of users' tables. stxexprs is there from PostgreSQL 14 on.
SELECT jsonb_build_object(
  'on', jsonb_build_object('schema', n.nspname, 'name', c.relname),
  'is', jsonb_build_object(
    'name', jsonb_build_object('schema', sn.nspname, 'name', s.stxname),
    'columns', coalesce((SELECT jsonb_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attnum = ANY (s.stxkeys::int2[])), '[]'),
    'expressions', to_jsonb(s) ->> 'stxexprs' IS NOT NULL)
)::text
  FROM pg_statistic_ext s
  JOIN pg_namespace sn ON sn.oid = s.stxnamespace
  JOIN pg_class c ON c.oid = s.stxrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname NOT IN ('changeover', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY sn.nspname, s.stxname
