-- $1 app, $2 step, $3 part, $4 cursor or NULL (unchanged), $5 finished, $6 done, $7 written, $8 epoch
UPDATE changeover.progress
   SET cursor = coalesce($4, cursor), finished = finished OR $5, done = done + $6,
       written = written + $7, batches = batches + 1, epoch = $8, updated_at = clock_timestamp(),
       total = GREATEST(total, done + $6)
 WHERE app = $1 AND step = $2 AND part = $3
