-- The tables in which rows of a table live, in a fixed order: itself, or its leaf partitions.
-- $1 table as regclass text.
SELECT n.nspname, c.relname, GREATEST(c.reltuples, 0)::bigint,
       quote_ident(n.nspname) || '.' || quote_ident(c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r'
   AND (c.oid = to_regclass($1)
        OR c.oid IN (SELECT t.relid FROM pg_partition_tree(to_regclass($1)) t WHERE t.isleaf))
 ORDER BY n.nspname, c.relname
