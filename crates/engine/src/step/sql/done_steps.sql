-- Those of some steps that are done. $1 app, $2 ids.
SELECT s.step FROM changeover.step s
 WHERE s.app = $1 AND s.id = ANY ($2) AND s.state = 'done'
 ORDER BY s.plan_id, s.position
