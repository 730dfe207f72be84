-- $1: the weight of an active alert; $2: at most so many. A deployment with more than 100 active alerts is
-- no worse than one with 100.
SELECT d.id,
       coalesce((SELECT max(v.cvss) FROM image_cves v WHERE v.image_id = d.image_id), 0)
           + $1 * (SELECT count(*) FROM (SELECT 1 FROM alerts a
                                          WHERE a.deployment_id = d.id AND a.state = 'ACTIVE'
                                          LIMIT 100) AS active)
  FROM deployments d
 WHERE d.id > coalesce((SELECT c.cursor::uuid FROM worker_cursors c WHERE c.worker = 'reprocessor'),
                       '00000000-0000-0000-0000-000000000000')
 ORDER BY d.id
 LIMIT $2
