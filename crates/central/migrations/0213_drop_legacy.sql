-- Release 4.10, its head: only 4.8 reads and writes this column.
-- changeover: unused-since=210
ALTER TABLE process_indicators DROP COLUMN legacy_start;
