-- The row that the probe writes. $1 app.
INSERT INTO changeover.probe (app) VALUES ($1) ON CONFLICT DO NOTHING
