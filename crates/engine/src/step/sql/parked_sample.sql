-- How many rows a step has parked, and some of them. $1 app, $2 step.
SELECT count(*), (array_agg(relation || ' ' || key::text || ': ' || error ORDER BY relation, key))[1:3]::text
  FROM changeover.parked_row WHERE app = $1 AND step = $2
