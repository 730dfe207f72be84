-- Says on which backend the holder works, so that a successor can end it; forgets those of earlier
-- terms, which were ended, and who waited. Within a guarded transaction. $1 app, $2 epoch, $3 holder.
-- model: OpenWorker, BackendRegisteredUnderTerm
WITH ended AS (
    DELETE FROM changeover.term_backend WHERE app = $1 AND epoch < $2
), waited AS (
    DELETE FROM changeover.term_waiter
     WHERE app = $1 AND (holder = $3 OR seen_at < clock_timestamp() - interval '1 minute')
)
INSERT INTO changeover.term_backend (app, epoch, pid, backend_start)
SELECT $1, $2, a.pid, a.backend_start FROM pg_stat_activity a WHERE a.pid = pg_backend_pid()
RETURNING pid
