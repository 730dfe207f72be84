-- Without the rows that somebody holds locked, whose keys are kept, and without those that raise, which
-- are parked; a row that is both is kept, and parked when it is revisited. The values are computed over
-- rows that are locked, so they are those of the rows as they are.
WITH seen AS MATERIALIZED (
    SELECT {key_aliased} FROM ONLY {part} AS t WHERE {range}
), free AS MATERIALIZED (
    SELECT t.* FROM ONLY {part} AS t WHERE {range} FOR NO KEY UPDATE SKIP LOCKED
), computed AS MATERIALIZED (
    SELECT {key_aliased}, ({computed_differs}) AS changeover_differs, v.*
      FROM free AS t, LATERAL {safe} AS v
), kept AS (
    INSERT INTO changeover.skipped_row (app, step, part, key)
    SELECT $3::text, $4::text, $5::text, {key_json}
      FROM (SELECT * FROM seen EXCEPT SELECT {key_aliases} FROM computed) AS k
    ON CONFLICT DO NOTHING
), parked AS (
    INSERT INTO changeover.parked_row (app, step, relation, key, error)
    SELECT $3::text, $4::text, $5::text, {key_json}, k.changeover_error
      FROM computed AS k WHERE k.changeover_error IS NOT NULL
    ON CONFLICT (app, step, relation, key) DO UPDATE
       SET error = excluded.error, parked_at = clock_timestamp()
)
UPDATE ONLY {part} AS t SET {computed_assignments} FROM computed AS k
 WHERE {joined} AND {range} AND k.changeover_error IS NULL AND k.changeover_differs
