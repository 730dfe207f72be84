-- $1 app, $2 step, $3 part, $4 key
DELETE FROM changeover.skipped_row WHERE app = $1 AND step = $2 AND part = $3 AND key = $4
