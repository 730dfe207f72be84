-- Types but arrays and pseudo-types: the server's own and users'. Row types of relations only where
-- a column has one. "lacks" are types without a default equality (btree or hash), and all that are
-- made of such types.
WITH RECURSIVE operator_class AS (
  SELECT o.opcintype FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod
   WHERE o.opcdefault AND m.amname IN ('btree', 'hash')
), comparable AS (
  SELECT o.opcintype AS oid FROM operator_class o
  UNION
  SELECT k.castsource FROM pg_cast k JOIN operator_class o ON o.opcintype = k.casttarget
   WHERE k.castmethod = 'b' AND k.castcontext = 'i'
), made_of AS (
  SELECT t.oid AS whole, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END AS part
    FROM pg_type t WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0)
  UNION ALL
  SELECT t.oid, a.atttypid FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid
   WHERE t.typtype = 'c' AND t.oid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
), lacks AS (
  SELECT t.oid FROM pg_type t
   WHERE t.typtype = 'b' AND NOT (t.typcategory = 'A' AND t.typelem <> 0)
     AND t.oid NOT IN (SELECT oid FROM comparable)
  UNION
  SELECT m.whole FROM lacks l JOIN made_of m ON m.part = l.oid
), used AS (
  SELECT DISTINCT a.atttypid AS oid FROM pg_attribute a WHERE a.attrelid >= 16384
)
SELECT jsonb_build_object(
  'name', jsonb_build_object('schema', n.nspname, 'name', t.typname),
  'sql', format_type(t.oid, NULL),
  'has_equality', t.oid NOT IN (SELECT oid FROM lacks),
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
           OR t.oid IN (SELECT oid FROM used) OR t.typarray IN (SELECT oid FROM used))))
 ORDER BY n.nspname, t.typname
