-- The backfills that rely on sync triggers, and their checks. $1 app, $2 triggers.
SELECT step FROM changeover.step
 WHERE app = $1 AND kind IN ('backfill', 'backfill_check')
   AND step -> 'kind' ->> 'sync_trigger' = ANY ($2::text[])
 ORDER BY id
