-- Release 4.10: hash indexes on the big tables slow their writers down where values repeat often.
CREATE INDEX process_indicators_deployment_id ON process_indicators (deployment_id);
CREATE INDEX process_indicators_pod_uid ON process_indicators (pod_uid);
CREATE INDEX alerts_deployment_id ON alerts (deployment_id);
CREATE INDEX network_flows_source ON network_flows (source_deployment_id);
CREATE INDEX network_flows_destination ON network_flows (destination_deployment_id);

-- changeover: unused-since=210
DROP INDEX process_indicators_deployment_id_hash;
-- changeover: unused-since=210
DROP INDEX process_indicators_pod_uid_hash;
-- changeover: unused-since=210
DROP INDEX alerts_deployment_id_hash;
-- changeover: unused-since=210
DROP INDEX network_flows_source_hash;
-- changeover: unused-since=210
DROP INDEX network_flows_destination_hash;
