-- Release 4.9: the container's start becomes a column of its own, so that processes can be listed by it.
ALTER TABLE process_indicators ADD COLUMN container_start_time timestamptz;
UPDATE process_indicators
SET container_start_time = to_timestamp((payload ->> 'containerStart')::double precision);
CREATE INDEX process_indicators_container_start_time ON process_indicators
    (deployment_id, container_start_time DESC NULLS LAST, id);
