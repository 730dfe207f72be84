-- Marks a step as done. $1 app, $2 id, $3 epoch.
UPDATE changeover.step
   SET state = 'done', finished_at = clock_timestamp(), epoch = $3, error = NULL,
       pid = NULL, backend_start = NULL
 WHERE app = $1 AND id = $2 AND state <> 'done'
