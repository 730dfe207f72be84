-- What an instance still has in hand: singleton workers with their epochs, and jobs with theirs.
SELECT 'worker' AS what, w.name, w.epoch AS number
  FROM changeover.worker w
 WHERE w.app = $2 AND w.holder = $1 AND w.expires_at > clock_timestamp()
 UNION ALL
SELECT 'job', k.kind, j.id
  FROM changeover.job_claim c CROSS JOIN LATERAL unnest(c.ids, c.attempts) AS u (id, attempt)
  JOIN changeover.job j ON j.id = u.id AND j.attempt = u.attempt - 1
  JOIN changeover.job_kind k ON k.id = j.kind_id
 WHERE c.instance = $1
 ORDER BY 1, 2, 3
