-- Every third policy is for builds. Its criteria: the least CVSS that violates it, whether only CVEs
-- with a fix count, and how many of them are tolerated.
INSERT INTO policies (id, name, severity, lifecycle_stage, disabled, payload)
SELECT
    (lpad(to_hex((i << 32) / $3), 8, '0') || '-0000-0000-0003-' || lpad(to_hex(i), 12, '0'))::uuid,
    CASE i % 3 WHEN 0 THEN 'build policy ' WHEN 1 THEN 'deploy policy ' ELSE 'runtime policy ' END || i,
    (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[1 + i % 4],
    CASE i % 3 WHEN 0 THEN 'BUILD' WHEN 1 THEN 'DEPLOY' ELSE 'RUNTIME' END,
    false,
    jsonb_build_object(
        'name', 'policy ' || i,
        'minCvss', (5 + i % 5)::double precision,
        'onlyFixable', i % 2 = 0,
        'tolerated', i % 4
    )
FROM generate_series($1::bigint, $2::bigint) AS i
