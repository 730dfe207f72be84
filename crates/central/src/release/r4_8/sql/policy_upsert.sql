-- Frozen with release 4.8: later releases have their own copy, even where it is the same.
INSERT INTO policies (id, name, severity, lifecycle_stage, disabled, payload)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE
SET name = excluded.name, severity = excluded.severity, lifecycle_stage = excluded.lifecycle_stage,
    disabled = excluded.disabled, payload = policies.payload || excluded.payload
