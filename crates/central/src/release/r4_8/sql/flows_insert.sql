-- Frozen with release 4.8: later releases have their own copy, even where it is the same.
INSERT INTO network_flows
    (cluster_id, id, write_id, source_deployment_id, destination_deployment_id, destination_port,
    protocol, last_seen_at, payload)
SELECT e.cluster_id, e.id, e.write_id, e.source_deployment_id, e.destination_deployment_id,
    e.destination_port, e.protocol, e.last_seen_at, e.payload
FROM jsonb_to_recordset($1::jsonb) AS e (
    cluster_id uuid, id uuid, write_id uuid, source_deployment_id uuid,
    destination_deployment_id uuid, destination_port integer, protocol text,
    last_seen_at timestamptz, payload jsonb
)
