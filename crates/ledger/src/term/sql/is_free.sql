-- Whether I would be granted the term now: given back, handed over to me, expired, or of another
-- timeline. For waiters; the grant itself decides. No row: none was granted yet. $1 app, $2 holder.
SELECT holder IS NULL OR holder = $2 OR expires_at < clock_timestamp()
       OR timeline <> changeover.timeline()
  FROM changeover.term WHERE app = $1
