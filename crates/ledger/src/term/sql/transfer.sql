-- Hands my term over under the next number to the one with the highest head of those who wait, so that
-- nobody else gets in between; where it does not come after all, the term expires as any other.
-- No row: nobody waits, or it was not mine any more. $1 app, $2 epoch, $3 holder, $4 lease in ms.
-- A waiter says every 5 s that it waits, and when it waits no longer; one not heard of for 15 s has gone.
WITH successor AS (
    SELECT w.holder FROM changeover.term_waiter w
     WHERE w.app = $1 AND w.holder <> $3 AND w.seen_at > clock_timestamp() - interval '15 seconds'
     ORDER BY w.head DESC, w.seen_at DESC LIMIT 1
)
UPDATE changeover.term AS t
   SET epoch = t.epoch + 1, holder = successor.holder,
       expires_at = clock_timestamp() + $4::bigint * interval '1 millisecond'
  FROM successor
 WHERE t.app = $1 AND t.epoch = $2 AND t.holder = $3 AND t.timeline = changeover.timeline()
RETURNING t.holder
