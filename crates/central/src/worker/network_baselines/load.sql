SELECT deployment_id, ARRAY(SELECT jsonb_array_elements_text(peers))
  FROM network_baselines
 ORDER BY deployment_id
 LIMIT $1
