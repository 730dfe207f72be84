-- $1: `cluster/id` of the last flow, or empty; $2: at most so many.
SELECT f.source_deployment_id,
       f.destination_deployment_id || ':' || f.destination_port || '/' || f.protocol,
       f.cluster_id || '/' || f.id
  FROM network_flows f
 WHERE (f.cluster_id, f.id)
       > (coalesce(nullif(split_part($1, '/', 1), ''), '00000000-0000-0000-0000-000000000000')::uuid,
          coalesce(nullif(split_part($1, '/', 2), ''), '00000000-0000-0000-0000-000000000000')::uuid)
 ORDER BY f.cluster_id, f.id
 LIMIT $2
