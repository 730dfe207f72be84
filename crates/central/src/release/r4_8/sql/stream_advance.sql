UPDATE sensor_streams
SET last_sequence = $3
WHERE cluster_id = $1 AND epoch = $2 AND last_sequence < $3
