-- Frozen with release 4.9: later releases have their own copy, even where it is the same.
INSERT INTO images (id, write_id, name, scan_time, component_count, cve_count, payload)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name,
    scan_time = excluded.scan_time,
    component_count = excluded.component_count,
    cve_count = excluded.cve_count,
    payload = excluded.payload
