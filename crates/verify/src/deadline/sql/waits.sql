-- Relation locks that the upgrade's working backends wait for. `waited_ms` is measured by the server
-- itself, from the moment at which the request queued.
SELECT l.pid, l.relation, l.relation::regclass::text, l.mode,
       (extract(epoch FROM clock_timestamp() - l.waitstart) * 1000)::float8 AS waited_ms
  FROM pg_locks l
  JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE NOT l.granted AND l.locktype = 'relation'
   AND a.datname = current_database() AND a.application_name LIKE 'changeover@%/work/%'
