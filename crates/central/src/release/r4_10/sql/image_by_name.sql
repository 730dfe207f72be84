-- Frozen with release 4.10: later releases have their own copy, even where it is the same.
SELECT id, name, scan_time, component_count, cve_count
FROM images
WHERE name = $1
ORDER BY scan_time DESC
LIMIT 1
