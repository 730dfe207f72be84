-- The next kept keys behind one. $1 app, $2 step, $3 part, $4 key or NULL, $5 how many
SELECT key, ARRAY(SELECT jsonb_array_elements_text(key)) FROM changeover.skipped_row
 WHERE app = $1 AND step = $2 AND part = $3 AND ($4::jsonb IS NULL OR key > $4)
 ORDER BY key LIMIT $5
