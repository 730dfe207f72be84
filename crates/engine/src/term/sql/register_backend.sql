-- Says on which backend the holder works, so that a successor can end it. $1 app, $2 epoch, $3 holder.
-- model: OpenWorker, BackendRegisteredUnderTerm
UPDATE changeover.term
   SET pid = pg_backend_pid(),
       backend_start = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())
 WHERE app = $1 AND epoch = $2 AND holder = $3
RETURNING pid
