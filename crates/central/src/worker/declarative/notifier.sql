-- $1: name; $2: address. Returns whether it is a person's, and whether it was made or changed.
WITH theirs AS (
    SELECT 1 FROM notifiers n WHERE n.name = $1 AND NOT n.declared
), written AS (
    INSERT INTO notifiers AS n (id, name, endpoint, declared, payload)
    SELECT gen_random_uuid(), $1, $2, true, '{}' WHERE NOT EXISTS (SELECT 1 FROM theirs)
    ON CONFLICT (name) DO UPDATE SET endpoint = excluded.endpoint
      WHERE n.declared AND n.endpoint <> excluded.endpoint
    RETURNING 1
)
SELECT EXISTS (SELECT 1 FROM theirs), EXISTS (SELECT 1 FROM written)
