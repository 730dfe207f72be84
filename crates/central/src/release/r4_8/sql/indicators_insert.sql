-- Frozen with release 4.8: later releases have their own copy, even where it is the same.
INSERT INTO process_indicators
    (id, write_id, cluster_id, deployment_id, pod_uid, process_name, process_args, signal_time,
    legacy_start, payload)
SELECT e.id, e.write_id, e.cluster_id, e.deployment_id, e.pod_uid, e.process_name, e.process_args,
    e.signal_time, floor((e.payload ->> 'containerStart')::double precision)::bigint, e.payload
FROM jsonb_to_recordset($1::jsonb) AS e (
    id uuid, write_id uuid, cluster_id uuid, deployment_id uuid, pod_uid uuid, process_name text,
    process_args text, signal_time timestamptz, payload jsonb
)
