-- $1: up to when; $2 to $5: after which entry of the index; $6: at most so many entries. Of each severity
-- and state in this piece: how many, the last entry, and how many entries were read.
SELECT severity, state, count(*) FILTER (WHERE raised_at <= $1), count(*), max(raised_at),
       (array_agg(id ORDER BY raised_at DESC, id DESC))[1]
  FROM (SELECT severity, state, raised_at, id
          FROM alerts
         WHERE (severity, state, raised_at, id) > ($2, $3, $4, $5)
         ORDER BY severity, state, raised_at, id
         LIMIT $6) AS piece
 GROUP BY severity, state
 ORDER BY severity, state
