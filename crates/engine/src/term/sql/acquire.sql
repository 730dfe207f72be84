-- Grants the next term if the last one has ended, by one statement on the database's clock.
-- $1 app, $2 holder, $3 release, $4 lease in ms. No row: somebody else holds it.
-- The previous holder's backend comes back too, so that what it left running can be ended.
-- model: Grant, GrantInOneStatement
WITH previous AS (
    SELECT app, pid, backend_start FROM changeover.term WHERE app = $1
)
UPDATE changeover.term AS term
   SET epoch = term.epoch + 1, holder = $2, release = $3,
       expires_at = clock_timestamp() + $4::bigint * interval '1 millisecond',
       acquired_at = clock_timestamp()
  FROM previous
 WHERE term.app = previous.app
   AND (term.holder IS NULL OR term.expires_at < clock_timestamp())
RETURNING term.epoch, previous.pid, previous.backend_start
