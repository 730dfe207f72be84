-- This session's backend. Before 14 `extract` is a double, whose 53 bits hold microseconds once rounded.
SELECT a.pid, (extract(epoch FROM a.backend_start) * 1000000)::bigint
  FROM pg_stat_activity a
 WHERE a.pid = pg_backend_pid()
