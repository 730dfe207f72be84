-- As waits.sql, for PostgreSQL 13, which does not say since when somebody waits.
SELECT l.pid, l.relation, l.relation::regclass::text, l.mode, NULL::float8 AS waited_ms
  FROM pg_locks l
  JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE NOT l.granted AND l.locktype = 'relation'
   AND a.datname = current_database() AND a.application_name LIKE 'changeover@%/work/%'
