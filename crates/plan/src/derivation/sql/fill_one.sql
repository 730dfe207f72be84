-- One row by its key, without waiting for its lock.
WITH seen AS MATERIALIZED (
    SELECT {key_aliased} FROM ONLY {part} AS t WHERE {is_key}
), free AS MATERIALIZED (
    SELECT {key_aliased} FROM ONLY {part} AS t WHERE {is_key} FOR NO KEY UPDATE SKIP LOCKED
), written AS (
    UPDATE ONLY {part} AS t SET {assignments} FROM free AS k
     WHERE {joined} AND {differing} RETURNING 1
)
SELECT (SELECT count(*) FROM seen) > (SELECT count(*) FROM free), (SELECT count(*) FROM written)
