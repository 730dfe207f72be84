-- What stands under an index's name. $1 schema, $2 index name, $3 its table as regclass text.
-- One row where there is one: valid, whether it is the table's, whether it is partitioned, definition.
SELECT i.indisvalid AND i.indisready, i.indrelid = to_regclass($3)::oid, c.relkind = 'I',
       pg_get_indexdef(i.indexrelid)
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relname = $2
