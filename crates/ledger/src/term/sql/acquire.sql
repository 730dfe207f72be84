-- Grants the next term if the last one has ended, by one statement on the database's clock. A term that
-- was granted on another timeline has ended: the failover may have lost what was done under it. One
-- that was handed over to me waits for me.
-- model: Grant, GrantInOneStatement
-- $1 app, $2 holder, $3 release, $4 lease in ms. No row: somebody else holds it.
UPDATE changeover.term
   SET epoch = epoch + 1, holder = $2, release = $3, timeline = changeover.timeline(),
       expires_at = clock_timestamp() + $4::bigint * interval '1 millisecond',
       acquired_at = clock_timestamp()
 WHERE app = $1
   AND (holder IS NULL OR holder = $2 OR expires_at < clock_timestamp()
        OR timeline <> changeover.timeline())
RETURNING epoch, timeline
