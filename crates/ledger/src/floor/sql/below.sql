-- Who lives below a floor. $1 app, $2 floor.
-- Where the server itself has just started, nobody could beat: everybody registered counts as alive.
-- model: CountInstances
SELECT string_agg(i.release || ' (head ' || i.head || ', ' || i.state || ', pid ' || i.pid
                  || ' on ' || i.host || ')', ', ' ORDER BY i.registered_at)
  FROM changeover.instance i
 WHERE i.app = $1 AND i.head < $2 AND i.left_at IS NULL
   AND (i.heartbeat_at > clock_timestamp() - i.ttl_ms * interval '1 millisecond'
        OR pg_postmaster_start_time() > clock_timestamp() - i.ttl_ms * interval '1 millisecond')
