-- $1 app, $2 step, $3 part, $4 total, $5 units
INSERT INTO changeover.progress AS p (app, step, part, total, units) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (app, step, part) DO UPDATE SET updated_at = clock_timestamp()
RETURNING p.cursor, p.finished
