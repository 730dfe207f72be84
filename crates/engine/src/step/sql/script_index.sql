-- What stands under an index's name on a table: whether it is valid, and its whole name. $1 the index,
-- $2 the table as written, by the session's search path.
SELECT i.indisvalid, format('%I.%I', n.nspname, c.relname)
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relname = $1 AND i.indrelid = pg_catalog.to_regclass($2)
