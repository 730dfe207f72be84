-- Everything that people and tools are shown of an application, as one JSON document. $1 app.
SELECT jsonb_build_object(
    'app', a.app, 'head', a.head, 'floor', a.floor,
    'at', clock_timestamp(),
    'term', (SELECT jsonb_build_object(
                 'epoch', t.epoch, 'holder', t.holder, 'release', t.release,
                 'held', t.holder IS NOT NULL AND t.expires_at > clock_timestamp(),
                 'expires_in_ms', CASE WHEN t.holder IS NOT NULL AND isfinite(t.expires_at) THEN
                     (extract(epoch FROM t.expires_at - clock_timestamp()) * 1000)::bigint END)
               FROM changeover.term t WHERE t.app = a.app),
    'instances', coalesce((SELECT jsonb_agg(jsonb_build_object(
                 'id', i.id, 'release', i.release, 'head', i.head, 'state', i.state,
                 'host', i.host, 'pid', i.pid, 'registered_at', i.registered_at,
                 'serving_at', i.serving_at, 'left_at', i.left_at,
                 'heartbeat_age_ms',
                     (extract(epoch FROM clock_timestamp() - i.heartbeat_at) * 1000)::bigint,
                 'alive', i.left_at IS NULL AND i.heartbeat_at
                     > clock_timestamp() - i.ttl_ms * interval '1 millisecond')
                 ORDER BY i.registered_at)
               FROM changeover.instance i
              WHERE i.app = a.app
                AND i.heartbeat_at > clock_timestamp() - interval '1 hour'), '[]'),
    'steps', coalesce((SELECT jsonb_agg(jsonb_build_object(
                 'id', s.id, 'migration', s.migration, 'title', s.title, 'kind', s.kind,
                 'phase', s.phase, 'state', s.state, 'before_serving', s.before_serving,
                 'floor', s.floor, 'attempts', s.attempts, 'started_at', s.started_at,
                 'finished_at', s.finished_at, 'error', s.error,
                 'requires', coalesce(s.step -> 'requires', '["owner"]'), 'reason', s.step -> 'reason',
                 'progress', (SELECT jsonb_build_object(
                         'units', min(p.units), 'total', sum(p.total), 'done', sum(p.done),
                         'written', sum(p.written), 'batches', sum(p.batches),
                         'seconds', extract(epoch FROM max(p.updated_at) - min(p.started_at)))
                      FROM changeover.progress p WHERE p.app = s.app AND p.step = s.id
                     HAVING count(*) > 0))
                 ORDER BY CASE s.phase WHEN 'expand' THEN 1 WHEN 'online' THEN 2 ELSE 3 END,
                          s.plan_id, s.position)
               FROM changeover.step s
              WHERE s.app = a.app
                AND (s.state <> 'done' OR s.plan_id = (SELECT max(p.id) FROM changeover.plan p
                                                        WHERE p.app = a.app)
                     OR s.finished_at > clock_timestamp() - interval '1 hour')), '[]'),
    'parked_rows', (SELECT count(*) FROM changeover.parked_row p WHERE p.app = a.app),
    'migrations', (SELECT count(*) FROM changeover.migration m WHERE m.app = a.app),
    'events', coalesce((SELECT jsonb_agg(jsonb_build_object(
                 'at', e.at, 'epoch', e.epoch, 'kind', e.kind, 'step', e.step,
                 'detail', e.detail) ORDER BY e.id)
               FROM (SELECT * FROM changeover.event e WHERE e.app = a.app
                      ORDER BY e.id DESC LIMIT 50) e), '[]'))
  FROM changeover.app a WHERE a.app = $1
