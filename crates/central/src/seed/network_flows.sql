-- $4: clusters; $5: deployments; $6: the seed.
INSERT INTO network_flows
    (cluster_id, id, source_deployment_id, destination_deployment_id, destination_port, protocol,
    last_seen_at, payload)
SELECT
    (lpad(to_hex(((i % $4) << 32) / $4), 8, '0') || '-0000-0000-0001-'
        || lpad(to_hex(i % $4), 12, '0'))::uuid,
    (lpad(to_hex((i << 32) / $3), 8, '0') || '-0000-0000-0005-' || lpad(to_hex(i), 12, '0'))::uuid,
    (lpad(to_hex(((i % $5) << 32) / $5), 8, '0') || '-0000-0000-0002-'
        || lpad(to_hex(i % $5), 12, '0'))::uuid,
    (lpad(to_hex((d << 32) / $5), 8, '0') || '-0000-0000-0002-' || lpad(to_hex(d), 12, '0'))::uuid,
    (ARRAY[80, 443, 5432, 8080, 8443])[1 + i % 5],
    CASE WHEN i % 9 = 0 THEN 'UDP' ELSE 'TCP' END,
    to_timestamp(1750000000 + (i * 104729 + $6::bigint) % 5000000),
    jsonb_build_object('bytes', i % 100000, 'direction', CASE WHEN i % 2 = 0 THEN 'in' ELSE 'out' END)
FROM generate_series($1::bigint, $2::bigint) AS i,
    LATERAL (SELECT (i * 31 + 7) % $5 AS d) AS destination
