-- Steps of migrations above a head that are done or were begun, the last one first, each with
-- whether it is done. A backfill that was never begun has nothing to undo. $1 app, $2 head.
SELECT s.step, s.state = 'done'
  FROM changeover.step s
 WHERE s.app = $1 AND s.migration > $2 AND (s.state <> 'pending' OR s.attempts > 0)
 ORDER BY CASE s.phase WHEN 'expand' THEN 1 WHEN 'online' THEN 2 ELSE 3 END DESC,
          s.plan_id DESC, s.position DESC
