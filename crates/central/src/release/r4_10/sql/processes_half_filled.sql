-- Frozen with release 4.10: later releases have their own copy, even where it is the same.
SELECT id, pod_uid, process_name, process_args,
    to_timestamp((payload ->> 'containerStart')::double precision)
FROM process_indicators
WHERE deployment_id = $1
ORDER BY (payload ->> 'containerStart')::double precision DESC NULLS LAST, id
LIMIT $2::bigint
