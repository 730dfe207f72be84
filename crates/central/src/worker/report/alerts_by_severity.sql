SELECT severity, state, count(*)
  FROM alerts
 WHERE raised_at <= $1
 GROUP BY severity, state
 ORDER BY severity, state
