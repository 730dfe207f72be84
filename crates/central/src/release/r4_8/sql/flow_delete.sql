-- Frozen with release 4.8: later releases have their own copy, even where it is the same.
DELETE FROM network_flows WHERE cluster_id = $2 AND id = $1
