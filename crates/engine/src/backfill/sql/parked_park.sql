-- $1 app, $2 step, $3 part, $4 key as texts, $5 error
INSERT INTO changeover.parked_row (app, step, relation, key, error)
VALUES ($1, $2, $3, to_jsonb($4::text[]), left($5::text, 2000))
ON CONFLICT (app, step, relation, key) DO UPDATE
   SET error = excluded.error, parked_at = clock_timestamp()
