-- Release 4.9, its head: flows tell when they were last written.
ALTER TABLE network_flows ADD COLUMN updated_at timestamptz;
UPDATE network_flows SET updated_at = last_seen_at;
