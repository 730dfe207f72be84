-- Of whose sensor nobody has heard for so many milliseconds, over whichever stream.
UPDATE cluster_health
SET state = 'INACTIVE'
WHERE state <> 'INACTIVE' AND seen_at < now() - $1 * interval '1 millisecond'
RETURNING cluster_id
