-- $1: at most so many rows are looked at. One that is written meanwhile is left for the next round.
WITH piece AS MATERIALIZED (
    SELECT deployment_id
      FROM network_baselines
     WHERE deployment_id > coalesce((SELECT cursor::uuid FROM worker_cursors WHERE worker = 'pruning baselines'),
                                    '00000000-0000-0000-0000-000000000000')
     ORDER BY deployment_id
     LIMIT $1
), go_on AS (
    INSERT INTO worker_cursors AS c (worker, cursor)
    SELECT 'pruning baselines', CASE WHEN count(*) < $1 THEN '00000000-0000-0000-0000-000000000000'
                               ELSE (array_agg(deployment_id ORDER BY deployment_id DESC))[1]::text END
      FROM piece
        ON CONFLICT (worker) DO UPDATE SET cursor = excluded.cursor WHERE c.cursor <> excluded.cursor
)
DELETE FROM network_baselines
 WHERE deployment_id = ANY (ARRAY(
       SELECT o.deployment_id FROM network_baselines o
        WHERE o.deployment_id = ANY (ARRAY(
              SELECT p.deployment_id FROM piece p
               WHERE (SELECT true FROM deployments d WHERE d.id = p.deployment_id) IS NULL))
        ORDER BY o.deployment_id FOR UPDATE SKIP LOCKED))
