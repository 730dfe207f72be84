-- Instances above a head that live, in words: they would do again what is undone.
-- $1 app, $2 head.
SELECT format('release %s (head %s) is %s as process %s on %s: stop it first',
              i.release, i.head, i.state, i.pid, i.host)
  FROM changeover.instance i
 WHERE i.app = $1 AND i.head > $2 AND i.left_at IS NULL
   AND (i.heartbeat_at > clock_timestamp() - i.ttl_ms * interval '1 millisecond'
        OR pg_postmaster_start_time() > clock_timestamp() - i.ttl_ms * interval '1 millisecond')
 ORDER BY i.head, i.host, i.pid
 LIMIT 10
