-- Marks a step as running, on this backend. Why it did not work the last time stays until it is done: the
-- next try may wait for the same for long. $1 app, $2 id, $3 epoch.
UPDATE changeover.step
   SET state = 'running', started_at = coalesce(started_at, clock_timestamp()),
       attempts = attempts + 1, epoch = $3, pid = pg_backend_pid(),
       backend_start = (SELECT b.backend_start FROM changeover.term_backend b
                         WHERE b.app = $1 AND b.epoch = $3 AND b.pid = pg_backend_pid())
 WHERE app = $1 AND id = $2 AND state <> 'done'
