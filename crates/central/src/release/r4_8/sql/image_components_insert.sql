-- Frozen with release 4.8: later releases have their own copy, even where it is the same.
INSERT INTO image_components (id, image_id, name, version, payload)
SELECT e.id, e.image_id, e.name, e.version, e.payload
FROM jsonb_to_recordset($1::jsonb) AS e (id text, image_id text, name text, version text, payload jsonb)
