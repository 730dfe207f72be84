INSERT INTO enforcement_summary AS s (policy_id, enforcements)
SELECT policy_id, coalesce(sum(enforcement_count), 0) FROM alerts GROUP BY policy_id
ON CONFLICT (policy_id) DO UPDATE SET enforcements = excluded.enforcements
  WHERE s.enforcements <> excluded.enforcements
