-- What an instance still has in hand: singleton workers with their epochs, and jobs with theirs.
SELECT 'worker' AS what, w.name, w.epoch AS number
  FROM changeover.worker w
 WHERE w.app = $2 AND w.holder = $1 AND w.expires_at > clock_timestamp()
 UNION ALL
SELECT 'job', k.kind, j.id
  FROM changeover.job j JOIN changeover.job_kind k ON k.id = j.kind_id
 WHERE j.claimant = $1
 ORDER BY 1, 2, 3
