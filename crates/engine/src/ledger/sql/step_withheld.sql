-- Puts a step back that operators do not want to run now. $1 app, $2 id, $3 epoch.
UPDATE changeover.step
   SET state = 'pending', epoch = $3, pid = NULL, backend_start = NULL
 WHERE app = $1 AND id = $2 AND state <> 'done'
