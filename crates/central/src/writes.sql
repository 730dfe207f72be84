SELECT write_id, count(*)
FROM (
    SELECT write_id FROM process_indicators WHERE write_id IS NOT NULL
    UNION ALL
    SELECT write_id FROM network_flows WHERE write_id IS NOT NULL
    UNION ALL
    SELECT write_id FROM alerts WHERE write_id IS NOT NULL
    UNION ALL
    SELECT write_id FROM images WHERE write_id IS NOT NULL
) AS writes
GROUP BY write_id
