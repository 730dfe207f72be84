-- The lowest head that serves now, or, where nobody does (all were stopped for the upgrade), the head
-- that served last: how far the floor may rise once everything below is gone. $1 app.
-- Where the server itself has just started, nobody could beat: everybody registered counts as alive.
SELECT coalesce(
    (SELECT min(i.head) FROM changeover.instance i
      WHERE i.app = $1 AND i.left_at IS NULL AND i.state IN ('serving', 'draining')
        AND (i.heartbeat_at > clock_timestamp() - i.ttl_ms * interval '1 millisecond'
        OR pg_postmaster_start_time() > clock_timestamp() - i.ttl_ms * interval '1 millisecond')),
    (SELECT i.head FROM changeover.instance i
      WHERE i.app = $1 AND i.serving_at IS NOT NULL
      ORDER BY coalesce(i.left_at, i.heartbeat_at) DESC LIMIT 1))
