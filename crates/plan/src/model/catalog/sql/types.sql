-- Types but arrays and pseudo-types: the server's own and users'. Row types of relations only where
-- a column has one. "lacks" are types without a default equality (btree or hash), and all that are
-- made of such types.
WITH RECURSIVE lacks AS (
  SELECT t.oid FROM pg_type t
   WHERE t.typtype = 'b' AND NOT (t.typcategory = 'A' AND t.typelem <> 0)
     AND NOT EXISTS (SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod
                      WHERE o.opcdefault AND m.amname IN ('btree', 'hash')
                        AND (o.opcintype = t.oid
                             OR EXISTS (SELECT FROM pg_cast k
                                         WHERE k.castsource = t.oid AND k.casttarget = o.opcintype
                                           AND k.castmethod = 'b' AND k.castcontext = 'i')))
  UNION
  SELECT t.oid FROM lacks l JOIN pg_type t
      ON (t.typtype = 'd' AND t.typbasetype = l.oid)
      OR (t.typcategory = 'A' AND t.typelem = l.oid)
      OR (t.typtype = 'c' AND EXISTS (SELECT FROM pg_attribute a
            WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = l.oid))
)
SELECT jsonb_build_object(
  'name', jsonb_build_object('schema', n.nspname, 'name', t.typname),
  'sql', format_type(t.oid, NULL),
  'has_equality', NOT EXISTS (SELECT FROM lacks l WHERE l.oid = t.oid),
  'kind', CASE t.typtype
    WHEN 'e' THEN jsonb_build_object('type', 'enum', 'labels',
        coalesce((SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e
                   WHERE e.enumtypid = t.oid), '[]'))
    WHEN 'd' THEN jsonb_build_object('type', 'domain',
        'base', format_type(t.typbasetype, t.typtypmod), 'not_null', t.typnotnull,
        'default', t.typdefault,
        'checks', coalesce((SELECT jsonb_agg(jsonb_build_object('name', con.conname,
              'definition', pg_get_constraintdef(con.oid), 'validated', con.convalidated)
              ORDER BY con.conname) FROM pg_constraint con
              WHERE con.contypid = t.oid AND con.contype = 'c'), '[]'))
    WHEN 'r' THEN jsonb_build_object('type', 'range', 'subtype',
        (SELECT format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid))
    WHEN 'm' THEN '{"type": "multirange"}'::jsonb
    WHEN 'c' THEN jsonb_build_object('type', 'composite', 'attributes',
        coalesce((SELECT jsonb_agg(jsonb_build_object('name', a.attname,
              'type_sql', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
              FROM pg_attribute a
             WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '[]'))
    ELSE '{"type": "base"}' END
)::text
  FROM pg_type t
  JOIN pg_namespace n ON n.oid = t.typnamespace
 WHERE t.typtype IN ('b', 'e', 'd', 'r', 'm', 'c')
   AND NOT (t.typcategory = 'A' AND t.typelem <> 0)
   AND n.nspname NOT IN ('changeover', 'information_schema')
   AND (n.nspname = 'pg_catalog' OR n.nspname NOT LIKE 'pg\_%')
   AND (t.typrelid = 0
        OR (n.nspname <> 'pg_catalog' AND (
              EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')
           OR EXISTS (SELECT FROM pg_attribute a WHERE a.atttypid IN (t.oid, t.typarray)
                         AND a.attrelid >= 16384))))
 ORDER BY n.nspname, t.typname
