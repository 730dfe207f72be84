-- $1 app, $2 step, $3 part, $4 total, $5 units, $6 last key of the part now (kept from the first time)
INSERT INTO changeover.progress AS p (app, step, part, total, units, until)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (app, step, part) DO UPDATE SET updated_at = clock_timestamp()
RETURNING p.cursor, p.until, p.finished
