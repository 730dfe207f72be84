-- Rows that were locked, and the keys of rows that are gone.
WITH kept AS MATERIALIZED (
    SELECT k.key AS changeover_key, {kept_aliased} FROM changeover.skipped_row AS k
     WHERE k.app = $1 AND k.step = $2 AND k.part = $3 ORDER BY k.key LIMIT $4::bigint
), free AS MATERIALIZED (
    SELECT k.* FROM kept AS k JOIN ONLY {part} AS t ON {joined} FOR NO KEY UPDATE OF t SKIP LOCKED
), written AS (
    UPDATE ONLY {part} AS t SET {assignments} FROM free AS k
     WHERE {joined} AND {differing} RETURNING 1
), gone AS (
    SELECT k.changeover_key FROM kept AS k
     WHERE NOT EXISTS (SELECT 1 FROM ONLY {part} AS t WHERE {joined})
), cleared AS (
    DELETE FROM changeover.skipped_row AS s
     USING (SELECT changeover_key FROM free UNION ALL SELECT changeover_key FROM gone) AS f
     WHERE s.app = $1 AND s.step = $2 AND s.part = $3 AND s.key = f.changeover_key RETURNING 1
)
SELECT (SELECT count(*) FROM changeover.skipped_row AS s
         WHERE s.app = $1 AND s.step = $2 AND s.part = $3) - (SELECT count(*) FROM cleared),
       (SELECT count(*) FROM written)
