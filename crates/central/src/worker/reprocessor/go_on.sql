INSERT INTO worker_cursors (worker, cursor) VALUES ('reprocessor', $1)
ON CONFLICT (worker) DO UPDATE SET cursor = excluded.cursor
