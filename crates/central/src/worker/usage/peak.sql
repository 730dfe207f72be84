-- The largest that anybody saw, no matter who writes last.
INSERT INTO usage AS u (interval_start, alerts_raised, deployments_peak)
VALUES (date_trunc('hour', $1), 0, $2)
ON CONFLICT (interval_start) DO UPDATE
    SET deployments_peak = GREATEST(u.deployments_peak, excluded.deployments_peak)
  WHERE excluded.deployments_peak > u.deployments_peak
