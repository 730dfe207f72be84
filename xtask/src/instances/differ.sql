-- Rows of central whose derived columns are not what their expression gives: migrations 209, 210, 212.
SELECT (SELECT count(*) FROM process_indicators
         WHERE container_start_time IS DISTINCT FROM
               to_timestamp((payload ->> 'containerStart')::double precision))
     + (SELECT count(*) FROM network_flows WHERE updated_at IS DISTINCT FROM last_seen_at)
     + (SELECT count(*) FROM alerts
         WHERE enforcement_count IS DISTINCT FROM
               coalesce((payload ->> 'enforcementCount')::integer, 0))
