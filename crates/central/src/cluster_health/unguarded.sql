-- As ACS does: of every cluster, by whether the writer itself holds its stream. $1: those that it holds.
INSERT INTO cluster_health (cluster_id, state, seen_at, stream_epoch)
SELECT id, CASE WHEN id = ANY ($1) THEN 'HEALTHY' ELSE 'INACTIVE' END, now(), 0
FROM clusters
ON CONFLICT (cluster_id) DO UPDATE
SET state = excluded.state, seen_at = excluded.seen_at
