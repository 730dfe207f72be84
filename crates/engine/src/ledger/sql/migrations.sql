-- The migrations that were planned, applied or adopted. $1 app.
SELECT number, name, checksum FROM changeover.migration WHERE app = $1 ORDER BY number
