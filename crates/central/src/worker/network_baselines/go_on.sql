INSERT INTO worker_cursors (worker, cursor) VALUES ('network_baselines', $1)
ON CONFLICT (worker) DO UPDATE SET cursor = excluded.cursor
