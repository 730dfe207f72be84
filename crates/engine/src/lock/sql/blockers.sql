-- Who holds a lock that is in the way of one of ours: those that wait for nobody first (ending one of them
-- helps), then those that wait behind them, our own engine's sessions last; the oldest first, and one whose
-- age may not be seen before all others. Text that others wrote comes as bytes: it may be no UTF-8.
-- $1 relations as regclass texts, $2 the modes wanted of them, as pg_locks names them. Own backend left out.
WITH wanted AS (
    SELECT to_regclass(given.name)::oid AS relation, given.mode
      FROM unnest($1::text[], $2::text[]) AS given (name, mode)
), whole AS (
    SELECT w.relation, w.mode FROM wanted w
    UNION
    SELECT i.inhrelid, w.mode FROM pg_inherits i JOIN wanted w ON w.relation = i.inhparent
), conflict (mode, held) AS (
    VALUES ('ShareUpdateExclusiveLock', '{ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'::text[]),
           ('ShareLock', '{RowExclusiveLock,ShareUpdateExclusiveLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'),
           ('ShareRowExclusiveLock', '{RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'),
           ('ExclusiveLock', '{RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'),
           ('AccessExclusiveLock', '{AccessShareLock,RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}')
), holding AS (
    SELECT DISTINCT l.pid, l.virtualtransaction
      FROM pg_locks l JOIN whole w ON w.relation = l.relation
      JOIN conflict c ON c.mode = w.mode AND l.mode = ANY (c.held)
     WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
       AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
), seen AS (
    SELECT h.pid, (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::bigint AS age_ms,
           coalesce(a.application_name, '') AS name, coalesce(a.query, '') AS query,
           coalesce(a.backend_type, '') AS kind, coalesce(a.usename::text, '') AS role,
           pg_blocking_pids(h.pid) AS behind
      FROM holding h JOIN pg_stat_activity a ON a.pid = h.pid
    UNION ALL
    SELECT NULL, (extract(epoch FROM clock_timestamp() - p.prepared) * 1000)::bigint, '', p.gid,
           'prepared transaction', p.owner::text, '{}'
      FROM holding h JOIN pg_prepared_xacts p ON h.virtualtransaction = '-1/' || p.transaction
     WHERE h.pid IS NULL
)
SELECT s.pid, s.age_ms, text.name, text.query, s.kind, text.role, s.behind
  FROM seen s
 -- Sending converts to our encoding; where the database has none it would only refuse what is no UTF-8.
 CROSS JOIN LATERAL (
    SELECT convert_to(s.name, 'SQL_ASCII'), convert_to(left(s.query, 200), 'SQL_ASCII'),
           convert_to(s.role, 'SQL_ASCII')
     WHERE getdatabaseencoding() = 'SQL_ASCII'
    UNION ALL
    SELECT textsend(s.name), textsend(left(s.query, 200)), textsend(s.role)
     WHERE getdatabaseencoding() <> 'SQL_ASCII') AS text (name, query, role)
 ORDER BY s.name ~ '^changeover@[0-9]+/[^/]*/[^/]*/(work|lease|watch)(/|$)',
          cardinality(s.behind) > 0, s.age_ms DESC NULLS FIRST
 LIMIT 5
