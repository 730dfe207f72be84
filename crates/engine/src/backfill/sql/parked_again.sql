-- $1 app, $2 the front of the steps' ids, $3 part, $4 key, $5 error
UPDATE changeover.parked_row AS p SET error = left($5::text, 2000)
 WHERE p.app = $1 AND starts_with(p.step, $2) AND p.relation = $3 AND p.key = $4
