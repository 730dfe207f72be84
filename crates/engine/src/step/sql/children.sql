-- The direct parts of a partitioned table, and whether each is partitioned itself; and the index of
-- each that is attached to the given index. $1 table as regclass text, $2 index as regclass text.
SELECT n.nspname, c.relname, c.relkind = 'p',
       (SELECT child.relname FROM pg_inherits attached
          JOIN pg_index x ON x.indexrelid = attached.inhrelid AND x.indrelid = c.oid
          JOIN pg_class child ON child.oid = x.indexrelid
         WHERE attached.inhparent = to_regclass($2) LIMIT 1)
  FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE i.inhparent = to_regclass($1) AND c.relkind IN ('r', 'p')
 ORDER BY n.nspname, c.relname
