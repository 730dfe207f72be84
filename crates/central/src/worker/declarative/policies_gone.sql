-- $1: the names that are declared. One that alerts name is kept for them, disabled. Each is looked up by
-- its index: a join would read every alert.
WITH gone AS MATERIALIZED (
    SELECT p.id, d.name, (SELECT true FROM alerts a WHERE a.policy_id = p.id LIMIT 1) IS NOT NULL AS is_named
      FROM declared_policies d JOIN policies p ON p.name = d.name
     WHERE d.name <> ALL ($1)
), unmarked AS (
    DELETE FROM declared_policies d USING gone g WHERE d.name = g.name AND NOT g.is_named
), disabled AS (
    UPDATE policies p SET disabled = true FROM gone g WHERE p.id = g.id AND g.is_named AND NOT p.disabled
    RETURNING 1
), removed AS (
    DELETE FROM policies p USING gone g WHERE p.id = g.id AND NOT g.is_named
    RETURNING 1
)
SELECT 1 FROM disabled UNION ALL SELECT 1 FROM removed
