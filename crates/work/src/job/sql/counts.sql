-- $1: application. How many jobs of each kind, version and state; since when the oldest waits; and how many
-- instances could claim them now, by the rules of may_claim.
SELECT n.kind, n.version, n.state, n.jobs, n.oldest_ms,
       (SELECT count(*)
          FROM changeover.job_kind k
          JOIN changeover.job_consumer c ON c.kind_id = k.id AND NOT c.returned
          JOIN changeover.instance i ON i.id = c.instance AND i.state = 'serving' AND i.left_at IS NULL
           AND i.heartbeat_at > clock_timestamp() - i.ttl_ms * interval '1 millisecond'
         WHERE k.app = $1 AND k.kind = n.kind AND k.version = n.version) AS instances
  FROM (SELECT kind, version, state, count(*) AS jobs,
               (extract(epoch FROM clock_timestamp() - min(enqueued_at)) * 1000)::bigint AS oldest_ms
          FROM changeover.jobs
         WHERE app = $1
         GROUP BY kind, version, state) n
 ORDER BY n.kind, n.version, n.state
