-- Ends a backend that a previous holder left, if it is still that one. $1 pid, $2 backend_start.
-- Returns whether it is (still) there.
-- model: EndPredecessor, PredecessorEnded
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid) IS NOT NULL) > 0
  FROM pg_stat_activity
 WHERE pid = $1 AND backend_start = $2 AND pid <> pg_backend_pid()
