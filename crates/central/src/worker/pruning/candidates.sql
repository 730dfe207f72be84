-- $1: days of retention; $2: whether enforced alerts are kept; $3: at most so many.
-- The payload is authoritative: every release writes it, whatever columns it knows.
SELECT id
  FROM alerts
 WHERE state = 'RESOLVED'
   AND raised_at < now() - make_interval(days => $1)
   AND NOT ($2 AND coalesce((payload ->> 'enforcementCount')::integer, 0) > 0)
 ORDER BY raised_at, id
 LIMIT $3
