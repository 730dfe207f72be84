-- The singleton workers of an application, as one JSON document. $1 app.
SELECT coalesce(jsonb_agg(jsonb_build_object(
           'name', w.name, 'epoch', w.epoch, 'refused', w.refused,
           'state', CASE WHEN o.holds THEN 'owned' WHEN k.retired THEN 'retired' ELSE 'unowned' END,
           'min_generation', w.min_gen, 'max_generation', w.max_gen,
           'owner', CASE WHEN o.holds THEN jsonb_build_object(
                'instance', o.id, 'generation', w.holder_gen, 'release', o.release, 'host', o.host,
                'pid', o.pid) END,
           'since', CASE WHEN o.holds THEN w.acquired_at ELSE w.released_at END,
           'successor', CASE WHEN s.id IS NOT NULL THEN jsonb_build_object(
                'instance', s.id, 'generation', c.gen, 'release', s.release, 'host', s.host,
                'pid', s.pid) END,
           'handover_by', w.handover_by)
           ORDER BY w.name), '[]')
  FROM changeover.worker w
  LEFT JOIN LATERAL (SELECT i.*, w.expires_at > clock_timestamp() AND i.left_at IS NULL AS holds
                       FROM changeover.instance i WHERE i.id = w.holder) AS o ON true
  LEFT JOIN changeover.instance s ON s.id = w.successor
  LEFT JOIN changeover.worker_candidate c
         ON c.app = w.app AND c.name = w.name AND c.instance = w.successor
  LEFT JOIN LATERAL (SELECT bool_or(r.retired) AS retired FROM (
                         SELECT v.retired FROM changeover.worker_known v
                          WHERE v.app = w.app AND v.name = w.name ORDER BY v.gen DESC LIMIT 1) AS r
                    ) AS k ON true
 WHERE w.app = $1
