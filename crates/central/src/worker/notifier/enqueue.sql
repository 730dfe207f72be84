-- $1: application; $2: kind; $3: the highest version that the caller can write; $4: alerts as stored.
WITH told AS (
    SELECT array_agg(n.id ORDER BY n.id) AS notifiers,
           changeover.enqueueable_version_v1($1, $2, $3) AS version
      FROM notifiers n
    HAVING count(*) > 0
), payloads AS (
    SELECT t.version, jsonb_build_object('alertId', a -> 'id', 'notifierId', n) AS payload
      FROM told t CROSS JOIN unnest($4::jsonb[]) AS a CROSS JOIN unnest(t.notifiers) AS n
     WHERE t.version = 1
     UNION ALL
    SELECT t.version, jsonb_build_object(
               'alertId', a -> 'id', 'notifierIds', t.notifiers,
               'enforcementCount', coalesce(a -> 'payload' -> 'enforcementCount', '0'))
      FROM told t CROSS JOIN unnest($4::jsonb[]) AS a
     WHERE t.version = 2
), together AS (
    SELECT version, array_agg(payload) AS payloads FROM payloads GROUP BY version
)
SELECT changeover.enqueue_v1($1, $2, version, payloads) FROM together
