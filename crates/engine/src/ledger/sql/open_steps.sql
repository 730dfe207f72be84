-- The steps that are not done, in the order in which they run. $1 app.
SELECT s.step,
       NOT EXISTS (SELECT 1 FROM unnest(s.needs) AS need(id)
                    WHERE NOT EXISTS (SELECT 1 FROM changeover.step d
                                       WHERE d.app = s.app AND d.id = need.id AND d.state = 'done')),
       s.attempts
  FROM changeover.step s
 WHERE s.app = $1 AND s.state <> 'done'
 ORDER BY CASE s.phase WHEN 'expand' THEN 1 WHEN 'online' THEN 2 ELSE 3 END, s.plan_id, s.position
