-- What the server says of all that a long step may harm; one row. Majors 13 to 18, for a role without
-- pg_monitor too: what it may not see is counted as hidden.
-- $1 app, $2 tables that the running step works on, $3 for how many ms a session counts as at work.
WITH session AS MATERIALIZED (
    SELECT a.pid, a.datid, a.usesysid, a.state, a.wait_event_type, a.state_change, a.backend_type
      FROM pg_stat_activity a
     WHERE a.pid <> pg_backend_pid()
       -- The engine's own, which are no clients; those that instances serve with have no such ending. And those
       -- of who looks on or gives orders, `changeover migrate`'s own progress among them.
       AND a.application_name !~ '^changeover(@[0-9]+/[^/]*/(.*/)?(work(/[0-9]+)?|lease|watch|service|listen|status|probe|pace)|-(status|operator|control)(/.*)?)$'
), client AS (
    SELECT count(*) FILTER (WHERE s.state = 'active' OR s.state_change > clock_timestamp() - $3 * interval '1 millisecond') AS at_work,
           count(*) FILTER (WHERE s.state = 'active' AND s.wait_event_type IS NULL) AS running,
           count(*) FILTER (WHERE s.state = 'active' AND s.wait_event_type IN ('Lock', 'LWLock')) AS waiting,
           count(*) AS sessions,
           -- In a statement or a transaction: a pool of which all are has others waiting where no server sees them.
           count(*) FILTER (WHERE s.state <> 'idle') AS busy,
           count(*) FILTER (WHERE s.backend_type IS NULL) AS hidden
      FROM session s
     WHERE s.backend_type = 'client backend' OR (s.backend_type IS NULL AND s.usesysid IS NOT NULL AND s.datid IS NOT NULL)
), standby AS (
    SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn)) FILTER (WHERE r.state IN ('streaming', 'catchup')) AS bytes,
           max(extract(epoch FROM greatest(r.write_lag, r.flush_lag, r.replay_lag)) * 1000)
               FILTER (WHERE r.state IN ('streaming', 'catchup')) AS ms,
           count(*) FILTER (WHERE r.state IS NULL) AS hidden
      FROM pg_stat_replication r
), slot AS (
    SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)) AS bytes
      FROM pg_replication_slots s WHERE s.wal_status IS DISTINCT FROM 'lost'
), archive AS (
    SELECT coalesce(t.last_failed_time > coalesce(t.last_archived_time, '-infinity'), false) AS failing,
           -- Segments since the one that was archived last.
           CASE WHEN t.last_archived_wal ~ '^[0-9A-F]{24}$' THEN
               pg_wal_lsn_diff(pg_current_wal_lsn(),
                   (('x' || substr(t.last_archived_wal, 9, 8))::bit(32)::bigint::numeric * 4294967296
                    + (('x' || substr(t.last_archived_wal, 17, 8))::bit(32)::bigint + 1)
                      * pg_size_bytes(current_setting('wal_segment_size'))) + '0/0'::pg_lsn)
           END AS bytes
      FROM pg_stat_archiver t WHERE current_setting('archive_mode') <> 'off'
)
SELECT c.at_work, c.running, c.waiting, c.sessions, c.hidden, current_setting('max_connections')::bigint,
       b.bytes::float8, b.ms::float8, b.hidden,
       s.bytes::float8,
       (SELECT p.setting::bigint FROM pg_settings p WHERE p.name = 'max_slot_wal_keep_size'),
       pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8,
       a.failing, a.bytes::float8,
       -- Its lock, since what a vacuum does is hidden from most roles; a worker of autovacuum has no user.
       EXISTS (SELECT FROM pg_locks l JOIN session w ON w.pid = l.pid AND w.usesysid IS NULL AND w.datid IS NOT NULL
                WHERE l.locktype = 'relation' AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
                  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
                  AND l.relation IN (SELECT t.relid FROM unnest($2::text[]) AS given (name),
                                            pg_partition_tree(to_regclass(given.name)) AS t
                                      UNION ALL
                                     SELECT to_regclass(given.name) FROM unnest($2::text[]) AS given (name))),
       (SELECT max(r.p95_ms) FROM changeover.latency_report r
         WHERE r.app = $1 AND r.reported_at > clock_timestamp() - interval '10 seconds'),
       c.busy
  FROM client c CROSS JOIN standby b CROSS JOIN slot s LEFT JOIN archive a ON true
