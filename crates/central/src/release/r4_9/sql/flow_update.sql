-- Frozen with release 4.9: later releases have their own copy, even where it is the same.
UPDATE network_flows
SET last_seen_at = ($3::jsonb ->> 'lastSeenAt')::timestamptz,
    updated_at = ($3::jsonb ->> 'lastSeenAt')::timestamptz,
    payload = payload || $3::jsonb
WHERE cluster_id = $2 AND id = $1
