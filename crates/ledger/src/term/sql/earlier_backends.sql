-- The backends of earlier terms; those of before the server's start are gone. $1 app, $2 my epoch.
-- A statement of its own, after the grant: the grant's snapshot may be older than a registration.
-- model: EndPredecessor, GrantReadsLockedBackend
SELECT b.pid, (extract(epoch FROM b.backend_start) * 1000000)::bigint
  FROM changeover.term_backend b
 WHERE b.app = $1 AND b.epoch < $2 AND b.pid <> pg_backend_pid()
   AND b.backend_start >= pg_postmaster_start_time()
