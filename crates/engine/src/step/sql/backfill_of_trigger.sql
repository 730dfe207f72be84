-- The backfills that rely on a sync trigger. $1 app, $2 trigger.
SELECT step FROM changeover.step
 WHERE app = $1 AND kind = 'backfill' AND step -> 'kind' ->> 'sync_trigger' = $2
