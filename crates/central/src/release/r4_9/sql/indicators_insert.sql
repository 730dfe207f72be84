-- Frozen with release 4.9: later releases have their own copy, even where it is the same.
INSERT INTO process_indicators
    (id, write_id, cluster_id, deployment_id, pod_uid, process_name, process_args, signal_time,
    container_start_time, payload)
SELECT e.id, e.write_id, e.cluster_id, e.deployment_id, e.pod_uid, e.process_name, e.process_args,
    e.signal_time, to_timestamp((e.payload ->> 'containerStart')::double precision), e.payload
FROM jsonb_to_recordset($1::jsonb) AS e (
    id uuid, write_id uuid, cluster_id uuid, deployment_id uuid, pod_uid uuid, process_name text,
    process_args text, signal_time timestamptz, payload jsonb
)
