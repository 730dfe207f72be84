-- The settings of a batch's transaction. $1 names and $2 values of those that the plan pins, $3 the wait
-- for a lock, $4 the time limit of a statement, both in ms, $5 the trigger that leaves the rows to the batch,
-- or ''. Plans are made for each range's own bounds.
SELECT set_config(s.name, s.value, true)
  FROM (SELECT * FROM unnest($1::text[], $2::text[]) AS pinned (name, value)
        UNION ALL
        VALUES ('lock_timeout', $3::text), ('statement_timeout', $4::text),
               ('changeover.filling', $5::text),
               ('enable_seqscan', 'off'), ('synchronous_commit', 'off'),
               ('plan_cache_mode', 'force_custom_plan')) AS s (name, value)
