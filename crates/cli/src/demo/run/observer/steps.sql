-- Every step that was ever recorded for the application, in the order of running. $1 app.
SELECT id, migration, title, kind, phase, state, attempts, started_at, finished_at, step,
       (SELECT sum(p.done)::bigint FROM changeover.progress p
         WHERE p.app = s.app AND p.step = s.id AND p.units = 'rows')
FROM changeover.step s
WHERE app = $1
ORDER BY plan_id, CASE phase WHEN 'expand' THEN 1 WHEN 'online' THEN 2 ELSE 3 END, position
