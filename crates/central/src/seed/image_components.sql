-- $4: components of each image.
INSERT INTO image_components (id, image_id, name, version, payload)
SELECT
    'sha256:' || lpad(to_hex(i), 64, '0') || '#' || c,
    'sha256:' || lpad(to_hex(i), 64, '0'),
    'component-' || (i * 7 + c) % 200,
    '1.' || c || '.' || i % 10,
    jsonb_build_object('name', 'component-' || (i * 7 + c) % 200, 'version', '1.' || c || '.' || i % 10)
FROM generate_series($1::bigint, $2::bigint) AS i, generate_series(0::bigint, $4::bigint - 1) AS c
WHERE i < $3::bigint
