-- $4: clusters; $5: deployments; $6: the seed. One row in a hundred has no container start.
INSERT INTO process_indicators
    (id, cluster_id, deployment_id, pod_uid, process_name, process_args, signal_time, legacy_start, payload)
SELECT
    (lpad(to_hex((i << 32) / $3), 8, '0') || '-0000-0000-0004-' || lpad(to_hex(i), 12, '0'))::uuid,
    (lpad(to_hex(((i % $4) << 32) / $4), 8, '0') || '-0000-0000-0001-'
        || lpad(to_hex(i % $4), 12, '0'))::uuid,
    (lpad(to_hex(((i % $5) << 32) / $5), 8, '0') || '-0000-0000-0002-'
        || lpad(to_hex(i % $5), 12, '0'))::uuid,
    md5('pod-' || i / 20)::uuid,
    'process-' || i % 97,
    '--worker ' || i % 13,
    to_timestamp(1750000000 + m),
    CASE WHEN i % 100 <> 99 THEN 1750000000 + m - 60 END,
    jsonb_build_object(
        'processName', 'process-' || i % 97,
        'processArgs', '--worker ' || i % 13,
        'signal', jsonb_build_object('uid', i % 1000, 'gid', i % 100, 'lineage', '/usr/bin/bash')
    ) || CASE
        WHEN i % 100 <> 99
            THEN jsonb_build_object('containerStart', 1750000000 + m - 60 + (i % 8) * 0.125)
        ELSE '{}'
    END
FROM generate_series($1::bigint, $2::bigint) AS i,
    LATERAL (SELECT (i * 7919 + $6::bigint) % 5000000 AS m) AS moment
