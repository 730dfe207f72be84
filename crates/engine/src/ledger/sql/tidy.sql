-- The ledger's housekeeping, under the term: forgets instances that left or fell silent a week ago, events
-- of more than 90 days and beyond the latest 10,000, and refused releases of more than 90 days. At most
-- 5,000 rows of each at a time. Kept: the instance of each head that served last, by which it is found how
-- far the floor may rise, and what background work still names. $1 app.
WITH last_served AS (
    SELECT DISTINCT ON (i.head) i.id FROM changeover.instance i
     WHERE i.app = $1 AND i.serving_at IS NOT NULL
     ORDER BY i.head, coalesce(i.left_at, i.heartbeat_at) DESC
), instances AS (
    DELETE FROM changeover.instance d WHERE d.id IN (
        SELECT i.id FROM changeover.instance i
         WHERE i.app = $1 AND coalesce(i.left_at, i.heartbeat_at) < clock_timestamp() - interval '7 days'
           AND NOT EXISTS (SELECT 1 FROM last_served l WHERE l.id = i.id)
           AND NOT EXISTS (SELECT 1 FROM changeover.member m WHERE m.instance = i.id)
           AND NOT EXISTS (SELECT 1 FROM changeover.worker w WHERE i.id IN (w.holder, w.successor))
           AND NOT EXISTS (SELECT 1 FROM changeover.worker_candidate c WHERE c.instance = i.id)
           AND NOT EXISTS (SELECT 1 FROM changeover.job_consumer c WHERE c.instance = i.id)
           AND NOT EXISTS (SELECT 1 FROM changeover.job_claim c WHERE c.instance = i.id)
           AND NOT EXISTS (SELECT 1 FROM changeover.connection_share s WHERE s.instance = i.id)
         LIMIT 5000)
), beyond AS (
    SELECT e.id FROM changeover.event e WHERE e.app = $1 ORDER BY e.id DESC OFFSET 10000 LIMIT 5000
), events AS (
    DELETE FROM changeover.event d WHERE d.id IN (
        SELECT b.id FROM beyond b
        UNION ALL
        (SELECT e.id FROM changeover.event e
          WHERE e.app = $1 AND e.at < clock_timestamp() - interval '90 days' LIMIT 5000))
)
DELETE FROM changeover.refused_release
 WHERE app = $1 AND at < clock_timestamp() - interval '90 days'
