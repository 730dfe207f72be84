-- For what has no trigger: without the rows that somebody holds locked, whose keys are kept. Locked FOR
-- NO KEY UPDATE, since FOR UPDATE would also skip rows with a foreign key's child insert in flight.
-- Joined by key with the range repeated: a join by ctid misses rows that change between snapshot and lock.
WITH wanted AS MATERIALIZED (
    SELECT {key_aliased} FROM ONLY {part} AS t WHERE {range} AND {differing}
), free AS MATERIALIZED (
    SELECT {key_aliased} FROM ONLY {part} AS t WHERE {range} AND {differing}
       FOR NO KEY UPDATE SKIP LOCKED
), kept AS (
    INSERT INTO changeover.skipped_row (app, step, part, key)
    SELECT $3::text, $4::text, $5::text, {key_json}
      FROM (SELECT * FROM wanted EXCEPT SELECT * FROM free) AS k
    ON CONFLICT DO NOTHING
)
UPDATE ONLY {part} AS t SET {assignments} FROM free AS k WHERE {joined} AND {range}
