-- Frozen with release 4.9: later releases have their own copy, even where it is the same.
INSERT INTO image_cves (id, component_id, image_id, cve, cvss, severity, fixed_by, payload)
SELECT e.id, e.component_id, e.image_id, e.cve, e.cvss, e.severity, e.fixed_by, e.payload
FROM jsonb_to_recordset($1::jsonb) AS e (
    id text, component_id text, image_id text, cve text, cvss double precision, severity text,
    fixed_by text, payload jsonb
)
