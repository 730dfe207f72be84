-- Frozen with release 4.8: later releases have their own copy, even where it is the same.
SELECT id, name, severity, payload
FROM policies
WHERE lifecycle_stage = 'BUILD' AND NOT disabled
ORDER BY name
