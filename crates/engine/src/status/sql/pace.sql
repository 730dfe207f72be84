-- How fast the holder goes, as one JSON document; no row: nothing ran long yet. The rate is that of the last one to
-- two minutes, or since the step was first looked at; none within its first seconds. $1 app.
SELECT jsonb_build_object(
    'step', p.step, 'share', p.share, 'batch_ms', p.batch_ms, 'limited_by', p.limited_by,
    'observed', p.observed, 'since', p.since, 'updated_at', p.updated_at,
    'rate', CASE WHEN n.seconds > 5 AND n.done >= n.earlier
                 THEN (n.done - n.earlier)::double precision / n.seconds END)
  FROM changeover.pace p
  CROSS JOIN LATERAL (
    SELECT extract(epoch FROM clock_timestamp() - coalesce(p.before_at, p.mark_at))::double precision,
           coalesce(p.before_done, p.mark_done),
           coalesce((SELECT sum(r.done) FROM changeover.progress r
                      WHERE r.app = p.app AND r.step = p.step), 0)) AS n (seconds, earlier, done)
 WHERE p.app = $1
