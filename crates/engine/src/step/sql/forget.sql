-- Puts a step back to where it was before it was begun: the next run begins at the start.
-- $1 app, $2 step.
WITH progress AS (
    DELETE FROM changeover.progress WHERE app = $1 AND step = $2
), identity AS (
    DELETE FROM changeover.part_identity WHERE app = $1 AND step = $2
), skipped AS (
    DELETE FROM changeover.skipped_row WHERE app = $1 AND step = $2
), parked AS (
    DELETE FROM changeover.parked_row WHERE app = $1 AND step = $2
)
UPDATE changeover.step
   SET state = 'pending', attempts = 0, started_at = NULL, finished_at = NULL, epoch = NULL,
       pid = NULL, backend_start = NULL, error = NULL
 WHERE app = $1 AND id = $2
