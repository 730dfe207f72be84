-- Keeps why a step did not work. $1 app, $2 id, $3 error, $4 whether it counts as failed, $5 epoch.
UPDATE changeover.step
   SET state = CASE WHEN $4 THEN 'failed' ELSE 'pending' END, error = $3, epoch = $5,
       pid = NULL, backend_start = NULL
 WHERE app = $1 AND id = $2 AND state <> 'done'
