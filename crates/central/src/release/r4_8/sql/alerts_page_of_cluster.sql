-- Frozen with release 4.8: later releases have their own copy, even where it is the same.
-- $1, $2: before which alert; $3: severity; $4: state; $5: at most so many; $6: cluster.
-- One ordered branch for each severity and state, merged: a page reads its own rows and one of each
-- branch; a branch that the filter excludes is not read. 501 is the largest page and one row: with it
-- a plan for any $5 reads the branches in order, and costs no more than one for the $5 at hand.
SELECT a.id, a.policy_id, p.name, a.cluster_id, a.deployment_id, a.severity, a.state, a.raised_at,
    coalesce((a.payload ->> 'enforcementCount')::integer, 0)
FROM (
    SELECT merged.id
    FROM (
        (SELECT raised_at, id FROM alerts
            WHERE cluster_id = $6 AND severity = 'LOW' AND state = 'ACTIVE' AND (raised_at, id) < ($1, $2)
                AND coalesce($3, 'LOW') = 'LOW' AND coalesce($4, 'ACTIVE') = 'ACTIVE'
            ORDER BY raised_at DESC, id DESC LIMIT 501)
        UNION ALL
        (SELECT raised_at, id FROM alerts
            WHERE cluster_id = $6 AND severity = 'LOW' AND state = 'SNOOZED' AND (raised_at, id) < ($1, $2)
                AND coalesce($3, 'LOW') = 'LOW' AND coalesce($4, 'SNOOZED') = 'SNOOZED'
            ORDER BY raised_at DESC, id DESC LIMIT 501)
        UNION ALL
        (SELECT raised_at, id FROM alerts
            WHERE cluster_id = $6 AND severity = 'LOW' AND state = 'RESOLVED' AND (raised_at, id) < ($1, $2)
                AND coalesce($3, 'LOW') = 'LOW' AND coalesce($4, 'RESOLVED') = 'RESOLVED'
            ORDER BY raised_at DESC, id DESC LIMIT 501)
        UNION ALL
        (SELECT raised_at, id FROM alerts
            WHERE cluster_id = $6 AND severity = 'MEDIUM' AND state = 'ACTIVE' AND (raised_at, id) < ($1, $2)
                AND coalesce($3, 'MEDIUM') = 'MEDIUM' AND coalesce($4, 'ACTIVE') = 'ACTIVE'
            ORDER BY raised_at DESC, id DESC LIMIT 501)
        UNION ALL
        (SELECT raised_at, id FROM alerts
            WHERE cluster_id = $6 AND severity = 'MEDIUM' AND state = 'SNOOZED' AND (raised_at, id) < ($1, $2)
                AND coalesce($3, 'MEDIUM') = 'MEDIUM' AND coalesce($4, 'SNOOZED') = 'SNOOZED'
            ORDER BY raised_at DESC, id DESC LIMIT 501)
        UNION ALL
        (SELECT raised_at, id FROM alerts
            WHERE cluster_id = $6 AND severity = 'MEDIUM' AND state = 'RESOLVED' AND (raised_at, id) < ($1, $2)
                AND coalesce($3, 'MEDIUM') = 'MEDIUM' AND coalesce($4, 'RESOLVED') = 'RESOLVED'
            ORDER BY raised_at DESC, id DESC LIMIT 501)
        UNION ALL
        (SELECT raised_at, id FROM alerts
            WHERE cluster_id = $6 AND severity = 'HIGH' AND state = 'ACTIVE' AND (raised_at, id) < ($1, $2)
                AND coalesce($3, 'HIGH') = 'HIGH' AND coalesce($4, 'ACTIVE') = 'ACTIVE'
            ORDER BY raised_at DESC, id DESC LIMIT 501)
        UNION ALL
        (SELECT raised_at, id FROM alerts
            WHERE cluster_id = $6 AND severity = 'HIGH' AND state = 'SNOOZED' AND (raised_at, id) < ($1, $2)
                AND coalesce($3, 'HIGH') = 'HIGH' AND coalesce($4, 'SNOOZED') = 'SNOOZED'
            ORDER BY raised_at DESC, id DESC LIMIT 501)
        UNION ALL
        (SELECT raised_at, id FROM alerts
            WHERE cluster_id = $6 AND severity = 'HIGH' AND state = 'RESOLVED' AND (raised_at, id) < ($1, $2)
                AND coalesce($3, 'HIGH') = 'HIGH' AND coalesce($4, 'RESOLVED') = 'RESOLVED'
            ORDER BY raised_at DESC, id DESC LIMIT 501)
        UNION ALL
        (SELECT raised_at, id FROM alerts
            WHERE cluster_id = $6 AND severity = 'CRITICAL' AND state = 'ACTIVE' AND (raised_at, id) < ($1, $2)
                AND coalesce($3, 'CRITICAL') = 'CRITICAL' AND coalesce($4, 'ACTIVE') = 'ACTIVE'
            ORDER BY raised_at DESC, id DESC LIMIT 501)
        UNION ALL
        (SELECT raised_at, id FROM alerts
            WHERE cluster_id = $6 AND severity = 'CRITICAL' AND state = 'SNOOZED' AND (raised_at, id) < ($1, $2)
                AND coalesce($3, 'CRITICAL') = 'CRITICAL' AND coalesce($4, 'SNOOZED') = 'SNOOZED'
            ORDER BY raised_at DESC, id DESC LIMIT 501)
        UNION ALL
        (SELECT raised_at, id FROM alerts
            WHERE cluster_id = $6 AND severity = 'CRITICAL' AND state = 'RESOLVED' AND (raised_at, id) < ($1, $2)
                AND coalesce($3, 'CRITICAL') = 'CRITICAL' AND coalesce($4, 'RESOLVED') = 'RESOLVED'
            ORDER BY raised_at DESC, id DESC LIMIT 501)
        ORDER BY raised_at DESC, id DESC
        LIMIT 501
    ) AS merged
    LIMIT $5::bigint
) AS page
JOIN alerts AS a ON a.id = page.id
JOIN policies AS p ON p.id = a.policy_id
ORDER BY a.raised_at DESC, a.id DESC
