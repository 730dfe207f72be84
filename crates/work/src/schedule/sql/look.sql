-- $1: application, $2: names. Whose turn it is, and up to when each schedule is done.
SELECT s.name, s.cron, s.time_zone, s.catch_up, s.gen AS stated_by, s.done_until, g.gen AS current,
       clock_timestamp() AS now
  FROM changeover.schedule s JOIN changeover.generation g ON g.app = s.app
 WHERE s.app = $1 AND s.name = ANY ($2)
