-- Frozen with release 4.10: later releases have their own copy, even where it is the same.
SELECT a.id, a.policy_id, p.name, a.cluster_id, a.deployment_id, a.severity, a.state, a.raised_at,
    coalesce(a.enforcement_count, (a.payload ->> 'enforcementCount')::integer, 0)
FROM alerts AS a
JOIN policies AS p ON p.id = a.policy_id
WHERE (a.raised_at, a.id) < ($1::timestamptz, $2::uuid)
    AND ($3::uuid IS NULL OR a.cluster_id = $3)
    AND ($4::text IS NULL OR a.severity = $4)
    AND ($5::text IS NULL OR a.state = $5)
ORDER BY a.raised_at DESC, a.id DESC
LIMIT $6::bigint
