-- Says how fast the holder goes and what holds it back; guarded in its own statement, since it comes from a
-- connection beside the one that works.
-- $1 app, $2 epoch, $3 holder, $4 step, $5 share, $6 batch in ms, $7 input, $8 what it says.
WITH guarded AS MATERIALIZED (SELECT changeover.guard($1, $2, $3))
INSERT INTO changeover.pace AS p (app, epoch, step, share, batch_ms, limited_by, observed, since, mark_done)
SELECT $1, $2, $4, $5, $6, $7, $8, clock_timestamp(),
       coalesce((SELECT sum(r.done) FROM changeover.progress r WHERE r.app = $1 AND r.step = $4), 0)
  FROM guarded
ON CONFLICT (app) DO UPDATE
   SET epoch = excluded.epoch, step = excluded.step, share = excluded.share, batch_ms = excluded.batch_ms,
       limited_by = excluded.limited_by, observed = excluded.observed,
       since = CASE WHEN p.epoch = excluded.epoch AND p.limited_by IS NOT DISTINCT FROM excluded.limited_by
                    THEN p.since ELSE excluded.since END,
       before_at = CASE WHEN p.step <> excluded.step THEN NULL
                        WHEN p.mark_at < clock_timestamp() - interval '1 minute' THEN p.mark_at
                        ELSE p.before_at END,
       before_done = CASE WHEN p.step <> excluded.step THEN NULL
                          WHEN p.mark_at < clock_timestamp() - interval '1 minute' THEN p.mark_done
                          ELSE p.before_done END,
       mark_done = CASE WHEN p.step <> excluded.step OR p.mark_at < clock_timestamp() - interval '1 minute'
                        THEN excluded.mark_done ELSE p.mark_done END,
       mark_at = CASE WHEN p.step <> excluded.step OR p.mark_at < clock_timestamp() - interval '1 minute'
                      THEN clock_timestamp() ELSE p.mark_at END,
       updated_at = clock_timestamp()
