-- What this transaction did to relations that were there before it, under the names of then: modes
-- of its locks, whether its file is another one now, whether it was read from end to end. What it
-- dropped is locked until the end, too. Taking a sequence's next value is left out: only ALTER SEQUENCE
-- waits for that. Functions and not the views over them, and locks once, since there is a row for
-- each relation.
WITH held AS MATERIALIZED (
  SELECT l.relation, array_agg(l.mode) AS modes
    FROM pg_locks l JOIN pg_temp.facts_before b ON b.oid = l.relation
   WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted
     AND NOT (b.kind = 'S' AND l.mode = 'RowExclusiveLock')
   GROUP BY l.relation
)
SELECT b.schema, b.name, coalesce(h.modes, '{}'),
       c.oid IS NOT NULL AND b.kind IN ('r', 'm') AND pg_relation_filenode(c.oid) IS DISTINCT FROM b.node,
       c.oid IS NOT NULL AND b.kind IN ('r', 'm') AND pg_stat_get_xact_numscans(c.oid) > b.scans
  FROM pg_temp.facts_before b
  LEFT JOIN pg_class c ON c.oid = b.oid
  LEFT JOIN held h ON h.relation = b.oid
