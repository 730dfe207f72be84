-- The lowest head that serves now: how far the floor may rise once all of it is gone. $1 app.
SELECT min(head) FROM changeover.instance
 WHERE app = $1 AND left_at IS NULL AND state IN ('serving', 'draining')
   AND heartbeat_at > clock_timestamp() - ttl_ms * interval '1 millisecond'
