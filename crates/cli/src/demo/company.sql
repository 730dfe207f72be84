-- Whether a backfill has done half of its rows. $1 app.
SELECT EXISTS (
    SELECT FROM changeover.step s JOIN changeover.progress p ON p.app = s.app AND p.step = s.id
     WHERE s.app = $1 AND s.kind = 'backfill' AND s.state = 'running'
     GROUP BY s.id HAVING sum(p.done) * 2 >= sum(p.total) AND sum(p.total) > 0)
