-- $1: application. How many jobs of each kind, version and state; and since when the oldest waits.
SELECT kind, version, state, count(*) AS jobs,
       (extract(epoch FROM clock_timestamp() - min(enqueued_at)) * 1000)::bigint AS oldest_ms
  FROM changeover.jobs
 WHERE app = $1
 GROUP BY kind, version, state
 ORDER BY kind, version, state
