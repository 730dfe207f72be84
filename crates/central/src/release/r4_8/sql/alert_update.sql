-- Frozen with release 4.8: later releases have their own copy, even where it is the same.
UPDATE alerts
SET state = coalesce($3::jsonb ->> 'state', state), payload = payload || $3::jsonb
WHERE id = $1 AND cluster_id = $2
