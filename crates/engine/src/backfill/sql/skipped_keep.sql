-- $1 app, $2 step, $3 part, $4 key as texts
INSERT INTO changeover.skipped_row (app, step, part, key) VALUES ($1, $2, $3, to_jsonb($4::text[]))
ON CONFLICT DO NOTHING
