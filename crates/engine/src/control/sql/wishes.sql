-- What operators want of an application, as one JSON document; no row: nothing. $1 app.
SELECT jsonb_build_object(
    'paused', CASE WHEN c.paused_at IS NOT NULL THEN jsonb_build_object(
        'by', c.paused_by, 'at', c.paused_at, 'reason', c.pause_reason) END,
    'max_share', c.max_share, 'min_share', c.min_share, 'probe_factor', c.probe_factor,
    'hours', CASE WHEN c.hours_from IS NOT NULL THEN jsonb_build_object(
        'from', c.hours_from, 'to', c.hours_to, 'time_zone', c.time_zone,
        'is_open', CASE WHEN c.hours_from < c.hours_to
                        THEN n.hour >= c.hours_from AND n.hour < c.hours_to
                        ELSE n.hour >= c.hours_from OR n.hour < c.hours_to END) END,
    'pace_set', CASE WHEN c.pace_set_at IS NOT NULL THEN jsonb_build_object(
        'by', c.pace_set_by, 'at', c.pace_set_at, 'reason', NULL) END,
    'stop_after', CASE WHEN c.stop_after IS NOT NULL THEN jsonb_build_object(
        'step', c.stop_after, 'by', c.stop_set_by, 'at', c.stop_set_at, 'reason', NULL) END,
    'cancelled', CASE WHEN c.cancel_step IS NOT NULL THEN jsonb_build_object(
        'step', c.cancel_step, 'by', c.cancel_by, 'at', c.cancel_at, 'reason', c.cancel_reason) END)
  FROM changeover.control c
  CROSS JOIN LATERAL (SELECT extract(hour FROM clock_timestamp() AT TIME ZONE c.time_zone)) AS n (hour)
 WHERE c.app = $1
