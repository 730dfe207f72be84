-- Prolongs my term. No row: it is not mine any more, or the server writes another timeline now.
-- $1 app, $2 epoch, $3 holder, $4 lease in ms.
UPDATE changeover.term
   SET expires_at = clock_timestamp() + $4::bigint * interval '1 millisecond'
 WHERE app = $1 AND epoch = $2 AND holder = $3 AND timeline = changeover.timeline()
