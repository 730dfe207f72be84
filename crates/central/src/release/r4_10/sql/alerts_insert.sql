-- Frozen with release 4.10: later releases have their own copy, even where it is the same.
INSERT INTO alerts
    (id, write_id, policy_id, cluster_id, deployment_id, severity, state, raised_at,
    enforcement_count, payload)
SELECT e.id, e.write_id, e.policy_id, e.cluster_id, e.deployment_id, e.severity, e.state, e.raised_at,
    coalesce((e.payload ->> 'enforcementCount')::integer, 0), e.payload
FROM jsonb_to_recordset($1::jsonb) AS e (
    id uuid, write_id uuid, policy_id uuid, cluster_id uuid, deployment_id uuid, severity text,
    state text, raised_at timestamptz, payload jsonb
)
