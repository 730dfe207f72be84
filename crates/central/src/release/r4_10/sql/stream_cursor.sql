-- How far the events are stored, for the holder of the newest stream alone.
SELECT last_sequence
FROM sensor_streams
WHERE cluster_id = $1 AND epoch = $2
FOR NO KEY UPDATE
