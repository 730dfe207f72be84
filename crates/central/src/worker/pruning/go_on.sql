INSERT INTO worker_cursors AS c (worker, cursor) VALUES ('pruning', $1)
ON CONFLICT (worker) DO UPDATE SET cursor = excluded.cursor WHERE c.cursor <> excluded.cursor
