-- What this transaction did to relations that were there before it: schema, name, modes of its
-- locks, whether its file is another one now, whether it was read from end to end.
SELECT n.nspname::text, c.relname::text,
       coalesce((SELECT array_agg(l.mode) FROM pg_locks l
                  WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'
                    AND l.relation = c.oid AND l.granted), '{}'),
       c.relkind IN ('r', 'm') AND pg_relation_filenode(c.oid) IS DISTINCT FROM b.node,
       coalesce((SELECT s.seq_scan > b.scans FROM pg_stat_xact_user_tables s WHERE s.relid = c.oid), false)
  FROM facts_before b
  JOIN pg_class c ON c.oid = b.oid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND n.nspname NOT IN ('information_schema', 'changeover') AND n.nspname NOT LIKE 'pg\_%'
