-- $4: clusters; $5: deployments; $6: the seed; $7: policies.
INSERT INTO alerts
    (id, policy_id, cluster_id, deployment_id, severity, state, raised_at, payload)
SELECT
    (lpad(to_hex((i << 32) / $3), 8, '0') || '-0000-0000-0006-' || lpad(to_hex(i), 12, '0'))::uuid,
    (lpad(to_hex(((i % $7) << 32) / $7), 8, '0') || '-0000-0000-0003-'
        || lpad(to_hex(i % $7), 12, '0'))::uuid,
    (lpad(to_hex(((i % $4) << 32) / $4), 8, '0') || '-0000-0000-0001-'
        || lpad(to_hex(i % $4), 12, '0'))::uuid,
    (lpad(to_hex(((i % $5) << 32) / $5), 8, '0') || '-0000-0000-0002-'
        || lpad(to_hex(i % $5), 12, '0'))::uuid,
    (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[1 + (i / 3) % 4],
    (ARRAY['ACTIVE', 'ACTIVE', 'RESOLVED', 'SNOOZED'])[1 + (i / 5) % 4],
    to_timestamp(1750000000 + (i * 15485863 + $6::bigint) % 5000000),
    jsonb_build_object('violation', 'seeded violation ' || i) || CASE
        WHEN i % 3 <> 0 THEN jsonb_build_object('enforcementCount', i % 11) ELSE '{}'
    END
FROM generate_series($1::bigint, $2::bigint) AS i
