-- What this transaction did to relations that were there before it, under the names of then: modes
-- of its locks, whether its file is another one now, whether it was read from end to end.
SELECT b.schema, b.name,
       coalesce((SELECT array_agg(l.mode) FROM pg_locks l
                  WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'
                    AND l.relation = b.oid AND l.granted), '{}'),
       c.relkind IN ('r', 'm') AND pg_relation_filenode(c.oid) IS DISTINCT FROM b.node,
       coalesce((SELECT s.seq_scan > b.scans FROM pg_stat_xact_user_tables s WHERE s.relid = c.oid), false)
  FROM facts_before b
  JOIN pg_class c ON c.oid = b.oid
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND b.schema NOT IN ('information_schema', 'changeover') AND b.schema NOT LIKE 'pg\_%'
