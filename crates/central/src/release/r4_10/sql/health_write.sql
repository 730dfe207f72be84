-- Does nothing for a stream that is no longer the newest. Takes no lock on it, which would wait for events
-- that are being stored; should a newer one be opened at this moment, what it writes is not overwritten.
INSERT INTO cluster_health AS h (cluster_id, state, seen_at, stream_epoch)
SELECT cluster_id, $3, now(), epoch
FROM sensor_streams
WHERE cluster_id = $1 AND epoch = $2
ON CONFLICT (cluster_id) DO UPDATE
SET state = excluded.state, seen_at = excluded.seen_at, stream_epoch = excluded.stream_epoch
WHERE h.stream_epoch <= excluded.stream_epoch
