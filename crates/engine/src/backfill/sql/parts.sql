-- The tables in which rows of a table live, in a fixed order: itself, or its leaf partitions. What tells one
-- from another under the same name is its copy of the sync trigger, which the server makes again when a
-- partition is attached again. $1 table as regclass text, $2 the sync trigger, or NULL where there is none.
SELECT n.nspname, c.relname, GREATEST(c.reltuples, 0)::bigint,
       quote_ident(n.nspname) || '.' || quote_ident(c.relname), coalesce(t.oid, c.oid)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = $2::text
 WHERE c.relkind = 'r'
   AND (c.oid = to_regclass($1::text)
        OR c.oid IN (SELECT t.relid FROM pg_partition_tree(to_regclass($1::text)) t WHERE t.isleaf))
 ORDER BY n.nspname, c.relname
