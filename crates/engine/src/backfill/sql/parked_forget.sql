-- $1 app, $2 the front of the steps' ids, $3 part, $4 key, $5 when it had been parked last
DELETE FROM changeover.parked_row AS p
 WHERE p.app = $1 AND starts_with(p.step, $2) AND p.relation = $3 AND p.key = $4 AND p.parked_at <= $5
