-- Ends the backends of earlier terms that are still there, and names them. $1 app, $2 my epoch.
-- A backend whose start we may not see (it is another role's) may be the one: ending it then fails
-- with 42501, which is better than believing it gone. Those of before the server's start are gone.
-- A statement of its own, after the grant: the grant's snapshot may be older than a registration.
-- model: EndPredecessor, PredecessorEnded, GrantReadsLockedBackend
SELECT b.pid, b.epoch, pg_terminate_backend(b.pid)
  FROM changeover.term_backend b
  JOIN pg_stat_activity a
    ON a.pid = b.pid AND (a.backend_start = b.backend_start OR a.backend_start IS NULL)
 WHERE b.app = $1 AND b.epoch < $2 AND b.pid <> pg_backend_pid()
   AND b.backend_start >= pg_postmaster_start_time()
