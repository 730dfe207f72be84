INSERT INTO worker_cursors (worker, cursor) VALUES ('usage', $1::text)
ON CONFLICT (worker) DO UPDATE SET cursor = excluded.cursor
