INSERT INTO enforcement_summary AS s (policy_id, enforcements)
SELECT n.policy_id, n.enforcements FROM unnest($1::uuid[], $2::bigint[]) AS n (policy_id, enforcements)
ON CONFLICT (policy_id) DO UPDATE SET enforcements = excluded.enforcements
  WHERE s.enforcements <> excluded.enforcements
