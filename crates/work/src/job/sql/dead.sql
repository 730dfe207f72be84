-- $1: application, $2: kind or NULL, $3: how many. What waits for a person: given up, or of unknown outcome.
SELECT id, kind, version, state, failures, crashes, error, enqueued_at
  FROM changeover.jobs
 WHERE app = $1 AND state IN ('dead', 'unknown') AND ($2::text IS NULL OR kind = $2)
 ORDER BY id LIMIT $3
