-- Forgets the migrations from a number on, of which nothing has taken effect. Nothing was done, so
-- the floor that their plan may have set falls back with the head. $1 app, $2 number.
WITH gone AS (
    SELECT id FROM changeover.step WHERE app = $1 AND migration >= $2
), progress AS (
    DELETE FROM changeover.progress WHERE app = $1 AND step IN (SELECT id FROM gone)
), identity AS (
    DELETE FROM changeover.part_identity WHERE app = $1 AND step IN (SELECT id FROM gone)
), skipped AS (
    DELETE FROM changeover.skipped_row WHERE app = $1 AND step IN (SELECT id FROM gone)
), parked AS (
    DELETE FROM changeover.parked_row WHERE app = $1 AND step IN (SELECT id FROM gone)
), steps AS (
    DELETE FROM changeover.step WHERE app = $1 AND migration >= $2 RETURNING id
), migrations AS (
    DELETE FROM changeover.migration WHERE app = $1 AND number >= $2 RETURNING number
), rest AS (
    SELECT max(number) AS head FROM changeover.migration WHERE app = $1 AND number < $2
)
UPDATE changeover.app AS a
   SET head = rest.head, floor = LEAST(a.floor, coalesce(rest.head, 0))
  FROM rest WHERE a.app = $1
