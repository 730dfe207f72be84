-- $1: the names that are declared. One that alerts name is kept for them, disabled.
WITH gone AS (
    SELECT d.name FROM declared_policies d WHERE d.name <> ALL ($1)
), unmarked AS (
    DELETE FROM declared_policies d USING policies p
     WHERE d.name = p.name AND d.name IN (SELECT name FROM gone)
       AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.policy_id = p.id)
), disabled AS (
    UPDATE policies p SET disabled = true
     WHERE p.name IN (SELECT name FROM gone) AND NOT p.disabled
       AND EXISTS (SELECT 1 FROM alerts a WHERE a.policy_id = p.id)
    RETURNING 1
), removed AS (
    DELETE FROM policies p
     WHERE p.name IN (SELECT name FROM gone)
       AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.policy_id = p.id)
    RETURNING 1
)
SELECT 1 FROM disabled UNION ALL SELECT 1 FROM removed
