-- The releases whose plan was refused and that nothing has overtaken since, as one JSON document. $1 app.
SELECT coalesce(jsonb_agg(to_jsonb(r) - 'app' ORDER BY r.at DESC), '[]')
  FROM (SELECT * FROM changeover.refused_release WHERE app = $1 ORDER BY at DESC LIMIT 5) AS r
