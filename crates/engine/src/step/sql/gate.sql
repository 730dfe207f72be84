-- Whether the floor is reached, and who lives below it. $1 app, $2 the floor that a step needs.
-- Where the server itself has just started, nobody could beat: everybody registered counts as alive.
-- model: ContractGate
SELECT a.floor >= $2,
       (SELECT string_agg(i.release || ' (head ' || i.head || ') on ' || i.host, ', ')
          FROM changeover.instance i
         WHERE i.app = a.app AND i.left_at IS NULL AND i.head < $2
           AND (i.heartbeat_at > clock_timestamp() - i.ttl_ms * interval '1 millisecond'
        OR pg_postmaster_start_time() > clock_timestamp() - i.ttl_ms * interval '1 millisecond'))
  FROM changeover.app a WHERE a.app = $1
