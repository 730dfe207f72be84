DELETE FROM risks
 WHERE deployment_id = ANY (ARRAY(
       SELECT r.deployment_id FROM risks r
        WHERE NOT EXISTS (SELECT 1 FROM deployments d WHERE d.id = r.deployment_id)
        ORDER BY r.deployment_id LIMIT $1 FOR UPDATE SKIP LOCKED))
