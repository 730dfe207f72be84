-- $1 app, $2 step
SELECT count(*), min(error) FROM changeover.parked_row WHERE app = $1 AND step = $2
