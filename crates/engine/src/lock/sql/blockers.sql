-- Who holds or awaits a lock on one of the relations: pid, age of the transaction in ms, what it
-- runs. $1 the relations as regclass texts. Own backend left out.
SELECT DISTINCT a.pid,
       coalesce((extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::bigint, 0),
       coalesce(a.application_name, ''), left(regexp_replace(coalesce(a.query, ''), '\s+', ' ', 'g'), 80),
       coalesce(a.backend_type, '')
  FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND l.relation IN (SELECT to_regclass(name) FROM unnest($1::text[]) AS given(name)
                      UNION ALL
                      SELECT i.inhrelid FROM pg_inherits i
                       WHERE i.inhparent IN (SELECT to_regclass(name) FROM unnest($1::text[]) AS given(name)))
 ORDER BY 2 DESC LIMIT 5
