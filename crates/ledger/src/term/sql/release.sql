-- Gives my term back, so that the next one need not wait for it to expire. $1 app, $2 epoch, $3 holder.
-- The backends that it worked on stay registered: one may still run what it was sent.
-- model: Release, ReleaseKeepsBackend
UPDATE changeover.term SET holder = NULL, expires_at = clock_timestamp()
 WHERE app = $1 AND epoch = $2 AND holder = $3
