-- $1 and $2: first and last number; $3: rows of the table. The key is that of `Population::key`.
INSERT INTO clusters (id, name, payload)
SELECT
    (lpad(to_hex((i << 32) / $3), 8, '0') || '-0000-0000-0001-' || lpad(to_hex(i), 12, '0'))::uuid,
    'cluster-' || i,
    jsonb_build_object('name', 'cluster-' || i, 'sensorVersion', '4.8.0', 'region', 'region-' || i % 3)
FROM generate_series($1::bigint, $2::bigint) AS i
