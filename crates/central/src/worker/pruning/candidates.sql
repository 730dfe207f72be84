-- $1: days of retention; $2: whether enforced alerts are kept; $3: at most so many rows are looked at.
-- Of each: whether it may go, and the cursor that stands behind it. Goes on where the last batch ended, so
-- that what is kept is not read again each time. The payload is authoritative: every release writes it,
-- whatever columns it knows.
WITH after_which AS MATERIALIZED (
    SELECT split_part(c.cursor, '/', 1)::timestamptz AS raised_at, split_part(c.cursor, '/', 2)::uuid AS id
      FROM (SELECT coalesce((SELECT cursor FROM worker_cursors WHERE worker = 'pruning'),
                            '-infinity/00000000-0000-0000-0000-000000000000') AS cursor) AS c
)
SELECT id, raised_at || '/' || id,
       NOT ($2 AND coalesce((payload ->> 'enforcementCount')::integer, 0) > 0)
  FROM (
    (SELECT raised_at, id, payload FROM alerts
      WHERE severity = 'LOW' AND state = 'RESOLVED'
        AND raised_at < now() - make_interval(days => $1)
        AND (raised_at, id) > (SELECT raised_at, id FROM after_which)
      ORDER BY raised_at, id LIMIT $3)
     UNION ALL
    (SELECT raised_at, id, payload FROM alerts
      WHERE severity = 'MEDIUM' AND state = 'RESOLVED'
        AND raised_at < now() - make_interval(days => $1)
        AND (raised_at, id) > (SELECT raised_at, id FROM after_which)
      ORDER BY raised_at, id LIMIT $3)
     UNION ALL
    (SELECT raised_at, id, payload FROM alerts
      WHERE severity = 'HIGH' AND state = 'RESOLVED'
        AND raised_at < now() - make_interval(days => $1)
        AND (raised_at, id) > (SELECT raised_at, id FROM after_which)
      ORDER BY raised_at, id LIMIT $3)
     UNION ALL
    (SELECT raised_at, id, payload FROM alerts
      WHERE severity = 'CRITICAL' AND state = 'RESOLVED'
        AND raised_at < now() - make_interval(days => $1)
        AND (raised_at, id) > (SELECT raised_at, id FROM after_which)
      ORDER BY raised_at, id LIMIT $3)
     ORDER BY raised_at, id
     LIMIT $3
) AS oldest
 ORDER BY raised_at, id
