-- How far the events are stored, for whoever holds the newest stream and nobody else.
SELECT last_sequence
FROM sensor_streams
WHERE cluster_id = $1 AND epoch = $2
FOR NO KEY UPDATE
