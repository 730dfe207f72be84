INSERT INTO report_runs (schedule, scheduled_at, file, finished_at) VALUES ($1, $2, $3, now())
