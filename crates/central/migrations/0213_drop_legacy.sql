-- Release 4.10, its head: only 4.8 writes this column.
-- changeover: unused-since=210
ALTER TABLE process_indicators DROP COLUMN legacy_start;
-- By then every release lists processes by `container_start_time`, which is filled.
-- changeover: unused-since=210
DROP INDEX process_indicators_deployment_start;
