-- Views that read a relation directly.
SELECT DISTINCT n.nspname::text, c.relname::text, vn.nspname::text, v.relname::text
  FROM pg_depend d
  JOIN pg_rewrite r ON r.oid = d.objid
  JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
  JOIN pg_namespace vn ON vn.oid = v.relnamespace
  JOIN pg_class c ON c.oid = d.refobjid AND c.oid <> v.oid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND n.nspname NOT IN ('changeover', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY 1, 2, 3, 4
