DELETE FROM network_baselines
 WHERE deployment_id = ANY (ARRAY(
       SELECT b.deployment_id FROM network_baselines b
        WHERE NOT EXISTS (SELECT 1 FROM deployments d WHERE d.id = b.deployment_id)
        ORDER BY b.deployment_id LIMIT $1 FOR UPDATE SKIP LOCKED))
