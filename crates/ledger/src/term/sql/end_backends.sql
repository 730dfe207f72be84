-- Ends those backends that are still there, and names them; `VALUES` gets rows of pid and start, in
-- microseconds. Run as the role that logged in, which may end its own sessions.
-- A backend whose start we may not see (it is another role's) may be the one: ending it then fails
-- with 42501, which is better than believing it gone.
-- model: EndPredecessor, PredecessorEnded
SELECT b.pid, pg_terminate_backend(b.pid)
  FROM (VALUES $BACKENDS) AS b (pid, began_us)
  JOIN pg_stat_activity a
    ON a.pid = b.pid
   AND (a.backend_start IS NULL
        OR (extract(epoch FROM a.backend_start) * 1000000)::bigint = b.began_us)
