-- Backends that are just starting: they hold a virtual transaction but are not yet to be seen among the
-- sessions, so nobody can tell whose they are.
-- model: StartingSessionsEnded
SELECT DISTINCT l.pid FROM pg_locks l
 WHERE l.locktype = 'virtualxid' AND l.granted AND l.pid IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.pid = l.pid)
