-- $4: clusters; $5: images.
INSERT INTO deployments (id, cluster_id, namespace, name, image_id, payload)
SELECT
    (lpad(to_hex((i << 32) / $3), 8, '0') || '-0000-0000-0002-' || lpad(to_hex(i), 12, '0'))::uuid,
    (lpad(to_hex(((i % $4) << 32) / $4), 8, '0') || '-0000-0000-0001-'
        || lpad(to_hex(i % $4), 12, '0'))::uuid,
    'namespace-' || i % 17,
    'deployment-' || i,
    'sha256:' || lpad(to_hex(i % $5::bigint), 64, '0'),
    jsonb_build_object('name', 'deployment-' || i, 'replicas', 1 + i % 5, 'kind', 'Deployment')
FROM generate_series($1::bigint, $2::bigint) AS i
