SELECT date_trunc('hour', raised_at), count(*)
  FROM alerts
 WHERE raised_at > $1 AND raised_at <= $2
 GROUP BY 1
 ORDER BY 1
