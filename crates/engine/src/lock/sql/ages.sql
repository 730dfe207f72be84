-- For how long the transactions that hold locks on the relations have run, in milliseconds; those whose age may
-- not be seen are left out. $1 relations as regclass texts.
SELECT (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::double precision
  FROM (SELECT DISTINCT l.pid
          FROM pg_locks l JOIN unnest($1::text[]) AS given (name) ON l.relation = to_regclass(given.name)
         WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid()
           AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())) AS h
  JOIN pg_stat_activity a ON a.pid = h.pid
 WHERE a.xact_start IS NOT NULL
