-- Says on which backend the holder works, so that a successor can end it; forgets those of earlier
-- terms, which were ended, and who waited. Within a guarded transaction. $1 app, $2 epoch, $3 holder,
-- $4 pid, $5 when the backend began, in microseconds: asked before, since only who logged in may know it.
-- model: OpenWorker, BackendRegisteredUnderTerm
WITH ended AS (
    DELETE FROM changeover.term_backend WHERE app = $1 AND epoch < $2
), waited AS (
    DELETE FROM changeover.term_waiter
     WHERE app = $1 AND (holder = $3 OR seen_at < clock_timestamp() - interval '1 minute')
)
INSERT INTO changeover.term_backend (app, epoch, pid, backend_start)
VALUES ($1, $2, $4, timestamptz 'epoch' + $5::bigint * interval '1 microsecond')
RETURNING pid
