-- $1: after which; $2: at most so many.
SELECT count(*), (array_agg(id ORDER BY id DESC))[1]
  FROM (SELECT id FROM deployments WHERE id > $1 ORDER BY id LIMIT $2) AS piece
