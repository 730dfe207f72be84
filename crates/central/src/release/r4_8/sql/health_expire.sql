-- Of whose sensor nobody has heard for so many seconds, over whichever stream.
UPDATE cluster_health
SET state = 'INACTIVE'
WHERE state <> 'INACTIVE' AND seen_at < now() - make_interval(secs => $1)
RETURNING cluster_id
