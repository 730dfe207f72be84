-- The row that terms are granted on; epoch 0 is held by nobody. $1 app.
INSERT INTO changeover.term (app, epoch, expires_at) VALUES ($1, 0, '-infinity')
ON CONFLICT (app) DO NOTHING
