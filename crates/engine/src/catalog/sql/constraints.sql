-- Constraints: type, columns, definition, validated; for a foreign key its target and whether it acts.
SELECT n.nspname::text, c.relname::text, con.conname::text, con.contype::text,
       coalesce((SELECT array_agg(a.attname::text ORDER BY k.position)
                   FROM unnest(con.conkey) WITH ORDINALITY AS k(number, position)
                   JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.number), '{}'),
       pg_get_constraintdef(con.oid), con.convalidated,
       fn.nspname::text, fc.relname::text,
       con.contype = 'f' AND (con.confdeltype NOT IN ('a', 'r') OR con.confupdtype NOT IN ('a', 'r'))
  FROM pg_constraint con
  JOIN pg_class c ON c.oid = con.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_class fc ON fc.oid = con.confrelid
  LEFT JOIN pg_namespace fn ON fn.oid = fc.relnamespace
 WHERE con.contype IN ('p', 'u', 'c', 'f', 'x', 'n') AND n.nspname NOT IN ('changeover', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY 1, 2, 3
