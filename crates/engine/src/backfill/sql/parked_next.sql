-- The next parked keys behind one. $1 app, $2 the front of the steps' ids, $3 part, $4 key or NULL, $5 how many
SELECT p.key, ARRAY(SELECT jsonb_array_elements_text(p.key)), max(p.parked_at)
  FROM changeover.parked_row AS p
 WHERE p.app = $1 AND starts_with(p.step, $2) AND p.relation = $3
   AND ($4::jsonb IS NULL OR p.key > $4)
 GROUP BY p.key ORDER BY p.key LIMIT $5
