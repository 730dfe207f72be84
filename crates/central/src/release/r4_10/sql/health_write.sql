-- Does nothing for a stream that is no longer the newest.
INSERT INTO cluster_health (cluster_id, state, seen_at, stream_epoch)
SELECT cluster_id, $3, now(), epoch
FROM sensor_streams
WHERE cluster_id = $1 AND epoch = $2
FOR SHARE
ON CONFLICT (cluster_id) DO UPDATE
SET state = excluded.state, seen_at = excluded.seen_at, stream_epoch = excluded.stream_epoch
