-- What this transaction did to relations that were there before it, under the names of then: modes
-- of its locks, whether its file is another one now, whether it was read from end to end. What it
-- dropped is locked until the end, too. Taking a sequence's next value is left out: only ALTER SEQUENCE
-- waits for that.
SELECT b.schema, b.name,
       coalesce((SELECT array_agg(l.mode) FROM pg_locks l
                  WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'
                    AND l.relation = b.oid AND l.granted
                    AND NOT (b.kind = 'S' AND l.mode = 'RowExclusiveLock')), '{}'),
       c.oid IS NOT NULL AND b.kind IN ('r', 'm') AND pg_relation_filenode(c.oid) IS DISTINCT FROM b.node,
       coalesce((SELECT s.seq_scan > b.scans FROM pg_stat_xact_user_tables s WHERE s.relid = c.oid), false)
  FROM pg_temp.facts_before b
  LEFT JOIN pg_class c ON c.oid = b.oid
