-- $4: components of each image. A component has 0, 1 or 2 CVEs: on average one.
INSERT INTO images (id, name, scan_time, component_count, cve_count, payload)
SELECT
    'sha256:' || lpad(to_hex(i), 64, '0'),
    'registry.example/team-' || i % 7 || '/app-' || i || ':1.0',
    timestamptz '2026-01-01 00:00:00Z' + i * interval '1 minute',
    $4::bigint::integer,
    $4::bigint::integer,
    jsonb_build_object('name', 'registry.example/team-' || i % 7 || '/app-' || i || ':1.0', 'os', 'linux')
FROM generate_series($1::bigint, $2::bigint) AS i
WHERE i < $3::bigint
