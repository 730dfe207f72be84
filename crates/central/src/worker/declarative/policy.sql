-- $1: name; $2: severity; $3: stage; $4: payload. Returns whether it is a person's, and whether it was
-- made or changed.
WITH theirs AS (
    SELECT 1 FROM policies p
     WHERE p.name = $1 AND NOT EXISTS (SELECT 1 FROM declared_policies d WHERE d.name = p.name)
), written AS (
    INSERT INTO policies AS p (id, name, severity, lifecycle_stage, disabled, payload)
    SELECT gen_random_uuid(), $1, $2, $3, false, $4 WHERE NOT EXISTS (SELECT 1 FROM theirs)
    ON CONFLICT (name) DO UPDATE
        SET severity = excluded.severity, lifecycle_stage = excluded.lifecycle_stage,
            disabled = false, payload = excluded.payload
      WHERE (p.severity, p.lifecycle_stage, p.disabled, p.payload)
            IS DISTINCT FROM (excluded.severity, excluded.lifecycle_stage, false, excluded.payload)
    RETURNING name
), marked AS (
    INSERT INTO declared_policies (name) SELECT name FROM written ON CONFLICT DO NOTHING
)
SELECT EXISTS (SELECT 1 FROM theirs), EXISTS (SELECT 1 FROM written)
