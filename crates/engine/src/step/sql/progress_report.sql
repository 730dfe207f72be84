-- Writes the progress of an index build that runs on a backend; guarded in its own statement, since it
-- comes from a connection beside the one that builds.
-- $1 app, $2 step, $3 part, $4 pid, $5 epoch, $6 holder.
WITH guarded AS MATERIALIZED (SELECT changeover.guard($1, $5, $6))
INSERT INTO changeover.progress AS p (app, step, part, units, total, done, epoch)
SELECT $1, $2, $3, CASE WHEN i.blocks_total > 0 THEN 'blocks' ELSE i.phase END,
       i.blocks_total, i.blocks_done, $5
  FROM guarded, pg_stat_progress_create_index i WHERE i.pid = $4
ON CONFLICT (app, step, part) DO UPDATE
   SET units = excluded.units, total = excluded.total, done = excluded.done,
       epoch = excluded.epoch, updated_at = clock_timestamp()
