-- Frozen with release 4.8: later releases have their own copy, even where it is the same.
-- In whole seconds; from the payload, since later releases do not write `legacy_start`.
SELECT id, pod_uid, process_name, process_args,
    to_timestamp(floor((payload ->> 'containerStart')::double precision))
FROM process_indicators
WHERE deployment_id = $1
ORDER BY (payload ->> 'containerStart')::double precision DESC NULLS LAST, id
LIMIT $2::bigint
