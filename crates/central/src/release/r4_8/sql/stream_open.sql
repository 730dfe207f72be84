-- Takes a cluster's stream over; waits for what the holder before is just storing. No row: no such cluster.
INSERT INTO sensor_streams AS s (cluster_id, epoch, instance_id, opened_at, last_sequence)
SELECT id, 1, $2, now(), 0
FROM clusters
WHERE id = $1
ON CONFLICT (cluster_id) DO UPDATE
SET epoch = s.epoch + 1, instance_id = excluded.instance_id, opened_at = excluded.opened_at
RETURNING epoch, last_sequence
