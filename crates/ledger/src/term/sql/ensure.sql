-- The row that terms are granted on; epoch 0 is held by nobody. $1 app.
-- No conflict target: the row has two unique keys, and of two inserts at the same moment the later one may
-- meet either of them first.
INSERT INTO changeover.term (app, epoch, expires_at) VALUES ($1, 0, '-infinity')
ON CONFLICT DO NOTHING
