-- $1: after which alert; $2: at most so many. Of each policy in this piece: its sum, how many alerts, and
-- the last of them.
SELECT policy_id, coalesce(sum(enforcement_count), 0), count(*), (array_agg(id ORDER BY id DESC))[1]
  FROM (SELECT id, policy_id, enforcement_count FROM alerts WHERE id > $1 ORDER BY id LIMIT $2) AS piece
 GROUP BY policy_id
