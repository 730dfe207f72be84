-- $4: components of each image. Component c has c % 3 CVEs.
INSERT INTO image_cves (id, component_id, image_id, cve, cvss, severity, fixed_by, payload)
SELECT
    'sha256:' || lpad(to_hex(i), 64, '0') || '#' || c || '#' || v,
    'sha256:' || lpad(to_hex(i), 64, '0') || '#' || c,
    'sha256:' || lpad(to_hex(i), 64, '0'),
    'CVE-2026-' || 1000 + (i * 13 + c * 5 + v) % 5000,
    (20 + (i * 3 + c * 11 + v * 17) % 81) / 10.0,
    (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[1 + (20 + (i * 3 + c * 11 + v * 17) % 81) / 26],
    CASE WHEN (i + c + v) % 2 = 0 THEN '1.' || c || '.99' END,
    jsonb_build_object('cve', 'CVE-2026-' || 1000 + (i * 13 + c * 5 + v) % 5000)
FROM generate_series($1::bigint, $2::bigint) AS i,
    generate_series(0::bigint, $4::bigint - 1) AS c,
    generate_series(0::bigint, c % 3 - 1) AS v
WHERE i < $3::bigint
