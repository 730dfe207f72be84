-- Frozen with release 4.10: later releases have their own copy, even where it is the same.
SELECT c.name, c.version, v.cve, v.cvss, v.severity, v.fixed_by
FROM image_components AS c
LEFT JOIN image_cves AS v ON v.component_id = c.id
WHERE c.image_id = $1
ORDER BY c.id, v.id
