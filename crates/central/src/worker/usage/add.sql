INSERT INTO usage AS u (interval_start, alerts_raised, deployments_peak)
SELECT n.hour, n.alerts, 0 FROM unnest($1::timestamptz[], $2::bigint[]) AS n (hour, alerts)
ON CONFLICT (interval_start) DO UPDATE SET alerts_raised = u.alerts_raised + excluded.alerts_raised
