-- An index of a part that is as the parent's and belongs to no other: the server takes such a one rather than
-- build another. $1 the part, $2 the parent's index, both as regclass text.
SELECT n.nspname, c.relname
  FROM pg_index own
  JOIN pg_class c ON c.oid = own.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_index parent ON parent.indexrelid = to_regclass($2)
 WHERE own.indrelid = to_regclass($1) AND own.indisvalid AND own.indisready
   AND own.indisunique = parent.indisunique
   AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = own.indexrelid)
   -- Both are printed by the server, so what stands behind the table's name is the same text.
   AND substr(pg_get_indexdef(own.indexrelid), strpos(pg_get_indexdef(own.indexrelid), ' USING '))
     = substr(pg_get_indexdef(parent.indexrelid), strpos(pg_get_indexdef(parent.indexrelid), ' USING '))
 ORDER BY own.indexrelid
 LIMIT 1
