INSERT INTO network_baselines (deployment_id, peers, flushed_at)
SELECT n.deployment_id, n.peers, now()
  FROM unnest($1::uuid[], $2::jsonb[]) AS n (deployment_id, peers)
ON CONFLICT (deployment_id) DO UPDATE
    SET peers = excluded.peers, flushed_at = excluded.flushed_at
