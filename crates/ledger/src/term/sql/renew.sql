-- Prolongs my term, and says the highest head above mine that waits for it. No row: it is not mine any
-- more, or the server writes another timeline now. So a holder learns of a newer release at each renewal,
-- whatever its steps are doing, without a statement of its own.
-- $1 app, $2 epoch, $3 holder, $4 lease in ms, $5 my head.
UPDATE changeover.term AS t
   SET expires_at = clock_timestamp() + $4::bigint * interval '1 millisecond'
 WHERE t.app = $1 AND t.epoch = $2 AND t.holder = $3 AND t.timeline = changeover.timeline()
RETURNING (SELECT max(w.head) FROM changeover.term_waiter w
            WHERE w.app = $1 AND w.head > $5
              AND w.seen_at > clock_timestamp() - interval '15 seconds')
