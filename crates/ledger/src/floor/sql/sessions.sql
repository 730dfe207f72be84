-- Sessions that say they belong to an instance below the floor; $3: end them.
-- $1 app, $2 floor, $3 boolean. Returns pid and whether the right to end it is there.
-- model: EndSessions, SessionsEnded
SELECT a.pid,
       pg_has_role(a.usesysid, 'USAGE')
       OR pg_has_role('pg_signal_backend', 'USAGE') AS may_end,
       CASE WHEN $3 AND (pg_has_role(a.usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'))
            THEN pg_terminate_backend(a.pid) END
  FROM pg_stat_activity a
 WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
   AND a.application_name LIKE 'changeover@%'
   AND substring(a.application_name FROM '^changeover@([0-9]{1,18})/')::bigint < $2
   AND split_part(a.application_name, '/', 2) = $1
