-- Only what differs is written: a round over scores that stand costs no row versions.
INSERT INTO risks AS r (deployment_id, score, release, computed_at)
SELECT n.deployment_id, n.score, $3, now()
  FROM unnest($1::uuid[], $2::double precision[]) AS n (deployment_id, score)
ON CONFLICT (deployment_id) DO UPDATE
    SET score = excluded.score, release = excluded.release, computed_at = excluded.computed_at
  WHERE (r.score, r.release) IS DISTINCT FROM (excluded.score, excluded.release)
