-- Constraints of users' tables.
SELECT jsonb_build_object(
  'on', jsonb_build_object('schema', n.nspname, 'name', c.relname),
  'is', jsonb_build_object(
    'name', con.conname,
    'kind', CASE con.contype
      WHEN 'p' THEN '{"type": "primary_key"}'::jsonb WHEN 'u' THEN '{"type": "unique"}'
      WHEN 'x' THEN '{"type": "exclusion"}' WHEN 'n' THEN '{"type": "not_null"}'
      WHEN 'f' THEN jsonb_build_object('type', 'foreign_key',
            'references', jsonb_build_object('schema', fn.nspname, 'name', fc.relname),
            'acts', con.confdeltype NOT IN ('a', 'r') OR con.confupdtype NOT IN ('a', 'r'))
      ELSE '{"type": "check"}' END,
    'columns', coalesce((SELECT jsonb_agg(a.attname ORDER BY k.position)
           FROM unnest(con.conkey) WITH ORDINALITY AS k(number, position)
           JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.number), '[]'),
    'referenced', coalesce((SELECT jsonb_agg(a.attname ORDER BY k.position)
           FROM unnest(con.confkey) WITH ORDINALITY AS k(number, position)
           JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.number), '[]'),
    'definition', pg_get_constraintdef(con.oid),
    'validated', con.convalidated,
    'acts_on_update', con.contype = 'f' AND con.confupdtype NOT IN ('a', 'r'),
    'no_inherit', con.connoinherit AND con.contype IN ('c', 'n'),
    'inherited', con.coninhcount > 0)
)::text
  FROM pg_constraint con
  JOIN pg_class c ON c.oid = con.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_class fc ON fc.oid = con.confrelid
  LEFT JOIN pg_namespace fn ON fn.oid = fc.relnamespace
 WHERE con.contype IN ('p', 'u', 'c', 'f', 'x', 'n')
   AND n.nspname NOT IN ('changeover', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY n.nspname, c.relname, con.conname
