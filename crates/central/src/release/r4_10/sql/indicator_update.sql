-- Frozen with release 4.10: later releases have their own copy, even where it is the same.
UPDATE process_indicators
SET process_args = coalesce($3::jsonb ->> 'processArgs', process_args),
    container_start_time
        = to_timestamp(((payload || $3::jsonb) ->> 'containerStart')::double precision),
    payload = payload || $3::jsonb
WHERE id = $1 AND cluster_id = $2
