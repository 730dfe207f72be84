-- The queue. CO004: no member. CO006: no such kind, or not before the switch. CO007: the job is not (or
-- no longer) mine, so that finishing it must roll back.

-- Says that this instance runs a kind of job in a version of its payload. Where releases state other
-- limits, those of the highest generation count.
CREATE OR REPLACE FUNCTION changeover.declare_job_v1(
    my_instance uuid, my_kind text, my_version integer, my_max_attempts integer,
    my_max_crashes integer, my_at_most_once boolean
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
    my_gen bigint;
BEGIN
    SELECT m.gen INTO my_gen FROM changeover.member m WHERE m.instance = my_instance;
    INSERT INTO changeover.job_kind AS k
           (app, kind, version, since_gen, limits_gen, max_attempts, max_crashes, at_most_once)
    VALUES (my_app, my_kind, my_version, my_gen, my_gen, GREATEST(my_max_attempts, 1),
            GREATEST(my_max_crashes, 1), my_at_most_once)
    ON CONFLICT (app, kind, version) DO UPDATE
        SET since_gen = LEAST(k.since_gen, excluded.since_gen),
            limits_gen = GREATEST(k.limits_gen, excluded.limits_gen),
            max_attempts = CASE WHEN excluded.limits_gen >= k.limits_gen
                                THEN excluded.max_attempts ELSE k.max_attempts END,
            max_crashes = CASE WHEN excluded.limits_gen >= k.limits_gen
                               THEN excluded.max_crashes ELSE k.max_crashes END,
            at_most_once = CASE WHEN excluded.limits_gen >= k.limits_gen
                                THEN excluded.at_most_once ELSE k.at_most_once END
        WHERE k.since_gen > excluded.since_gen
           OR k.limits_gen < excluded.limits_gen
           OR k.limits_gen = excluded.limits_gen
              AND (k.max_attempts, k.max_crashes, k.at_most_once)
                  <> (excluded.max_attempts, excluded.max_crashes, excluded.at_most_once);
    INSERT INTO changeover.job_consumer (instance, kind_id)
    SELECT my_instance, k.id FROM changeover.job_kind k
     WHERE k.app = my_app AND k.kind = my_kind AND k.version = my_version
    ON CONFLICT DO NOTHING;
END $$;

-- The kind's number, if its payload may be enqueued now: consumers come first, producers from the
-- switch on. For ten seconds after a switch back, what might be enqueued before it still may: whoever
-- has asked for the version just before must not fail, and a moment earlier it would be parked as well.
CREATE OR REPLACE FUNCTION changeover.enqueueable_kind(of_app text, of_kind text, of_version integer)
RETURNS integer
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    k record;
BEGIN
    SELECT j.id, j.since_gen, g.gen, g.was_gen, g.switched_at INTO k
      FROM changeover.job_kind j LEFT JOIN changeover.generation g ON g.app = j.app
     WHERE j.app = of_app AND j.kind = of_kind AND j.version = of_version;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'application % has no job kind % version %', of_app, of_kind, of_version
            USING ERRCODE = 'CO006', HINT = 'an instance that runs it declares it first';
    END IF;
    IF k.gen IS NOT NULL AND k.since_gen > k.gen
       AND (k.since_gen <= k.was_gen
            AND k.switched_at > clock_timestamp() - interval '10 seconds') IS NOT TRUE THEN
        RAISE EXCEPTION 'job kind % version % may be enqueued from generation % on; now is %',
            of_kind, of_version, k.since_gen, k.gen
            USING ERRCODE = 'CO006', HINT = 'enqueue the version that enqueueable_version_v1 names';
    END IF;
    RETURN k.id;
END $$;

-- The highest version up to `up_to` that may be enqueued now; NULL: none.
CREATE OR REPLACE FUNCTION changeover.enqueueable_version_v1(of_app text, of_kind text, up_to integer)
RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT max(j.version)
      FROM changeover.job_kind j LEFT JOIN changeover.generation g ON g.app = j.app
     WHERE j.app = of_app AND j.kind = of_kind AND j.version <= up_to
       AND (g.gen IS NULL OR j.since_gen <= g.gen)
$$;

-- Enqueues jobs of one kind, in the caller's transaction: they exist if it commits. With a unique key
-- (one for each payload, or NULL): none that is there already, waiting or running, is enqueued again.
-- Returns the ids of those that were.
CREATE OR REPLACE FUNCTION changeover.enqueue_v1(
    of_app text, of_kind text, of_version integer, payloads jsonb[],
    with_priority smallint DEFAULT 0, at timestamptz DEFAULT NULL, unique_keys text[] DEFAULT NULL
) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number integer;
    is_later boolean := coalesce(at > clock_timestamp(), false);
BEGIN
    PERFORM changeover.require_service(of_app);
    number := changeover.enqueueable_kind(of_app, of_kind, of_version);
    -- Longer ones would fail in the index, with an error about its pages.
    IF EXISTS (SELECT 1 FROM unnest(unique_keys) AS k (key) WHERE octet_length(k.key) > 1000) THEN
        RAISE EXCEPTION 'a unique key may have 1000 bytes' USING ERRCODE = '22001';
    END IF;
    RETURN QUERY
    INSERT INTO changeover.job (kind_id, shelf, priority, run_at, unique_key, payload)
    SELECT number, CASE WHEN is_later THEN 'later' ELSE 'open' END, with_priority,
           coalesce(at, clock_timestamp()),
           CASE WHEN p.key IS NOT NULL THEN jsonb_build_array(of_app, of_kind, p.key)::text END,
           p.payload
      FROM unnest(payloads, unique_keys) WITH ORDINALITY AS p (payload, key, place)
     WHERE p.payload IS NOT NULL
     ORDER BY p.place
    ON CONFLICT DO NOTHING
    RETURNING id;
    IF NOT is_later THEN
        PERFORM pg_notify('changeover_job', of_app);
    END IF;
END $$;

-- How many jobs a generation could not run: must be 0, or be parked knowingly, before going back to it.
CREATE OR REPLACE FUNCTION changeover.jobs_beyond_v1(of_app text, of_gen bigint)
RETURNS TABLE (kind text, version integer, jobs bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.kind, k.version, count(*)
      FROM changeover.job_kind k JOIN changeover.job j ON j.kind_id = k.id
     WHERE k.app = of_app AND k.since_gen > of_gen AND j.shelf <> 'dead'
     GROUP BY k.kind, k.version ORDER BY k.kind, k.version
$$;

-- With the switch to a generation: an event says how many jobs it cannot run. Nothing is done to them:
-- no consumer of that generation claims, opens or returns them, and the view `jobs` calls them parked
-- until a generation that can run them is back. A million rows would hold the switch up.
CREATE OR REPLACE FUNCTION changeover.park_jobs(of_app text, for_gen bigint) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO changeover.event (app, kind, detail)
    SELECT of_app, 'jobs_parked',
           format('%s jobs cannot be run by generation %s; they wait for a later one', sum(b.jobs), for_gen)
      FROM changeover.jobs_beyond_v1(of_app, for_gen) b
    HAVING sum(b.jobs) > 0
$$;

-- Puts jobs that were given up, or whose outcome is unknown, back, with a fresh count of failures. Those
-- whose unique key another one has by now stay. Returns how many were put back.
CREATE OR REPLACE FUNCTION changeover.requeue_v1(of_app text, ids bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    back bigint;
BEGIN
    PERFORM changeover.require_service(of_app);
    UPDATE changeover.job j
       SET shelf = 'open', failures = 0, crashes = 0, called_at = NULL, run_at = clock_timestamp(),
           -- Whoever claimed it since the look below, to ask the other side, is refused.
           attempt = j.attempt + (j.shelf = 'unknown')::integer
      FROM changeover.job_kind k
     WHERE k.id = j.kind_id AND k.app = of_app AND j.id = ANY (ids) AND j.shelf IN ('dead', 'unknown')
       AND NOT EXISTS (SELECT 1 FROM changeover.claimed c WHERE c.id = j.id AND c.attempt = j.attempt + 1)
       AND (j.unique_key IS NULL OR NOT EXISTS (
            SELECT 1 FROM changeover.job o
             WHERE o.unique_key = j.unique_key AND o.id <> j.id
               AND (o.shelf IN ('open', 'later', 'unknown')
                    OR o.shelf = 'dead' AND o.id = ANY (ids) AND o.id < j.id)));
    GET DIAGNOSTICS back = ROW_COUNT;
    IF back > 0 THEN
        PERFORM pg_notify('changeover_job', of_app);
    END IF;
    RETURN back;
END $$;

-- States a schedule. The one of the current generation counts: an older release that starts once more
-- does not overwrite it.
CREATE OR REPLACE FUNCTION changeover.declare_schedule_v1(
    my_instance uuid, my_name text, my_cron text, my_time_zone text, my_catch_up text
) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO changeover.schedule AS s (app, name, cron, time_zone, catch_up, gen)
    SELECT changeover.member_app(my_instance), my_name, my_cron, my_time_zone, my_catch_up, m.gen
      FROM changeover.member m WHERE m.instance = my_instance
    ON CONFLICT (app, name) DO UPDATE
        SET cron = excluded.cron, time_zone = excluded.time_zone, catch_up = excluded.catch_up,
            gen = excluded.gen
        WHERE (s.cron, s.time_zone, s.catch_up, s.gen)
              IS DISTINCT FROM (excluded.cron, excluded.time_zone, excluded.catch_up, excluded.gen)
          AND excluded.gen = coalesce((SELECT g.gen FROM changeover.generation g WHERE g.app = s.app),
                                      excluded.gen)
$$;

-- Enqueues what is due of a schedule, each scheduled time once, no matter who computes it; only for the
-- generation that has the background work. Times at or before `done_until` are passed over, and so are
-- those that have not come yet by the database's clock. Returns the scheduled times that were enqueued.
CREATE OR REPLACE FUNCTION changeover.tick_v1(
    my_instance uuid, my_name text, due timestamptz[], up_to timestamptz,
    of_kind text, of_version integer
) RETURNS SETOF timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
    number integer;
    moment timestamptz;
    new_job bigint;
    passed timestamptz;
BEGIN
    -- Locked before the generation is read: a tick that waits here counts for whoever is current then.
    SELECT s.done_until INTO passed FROM changeover.schedule s
     WHERE s.app = my_app AND s.name = my_name FOR NO KEY UPDATE;
    IF NOT FOUND OR NOT EXISTS (
        SELECT 1 FROM changeover.generation g JOIN changeover.member m ON m.gen = g.gen
         WHERE g.app = my_app AND m.instance = my_instance FOR SHARE OF g) THEN
        RETURN;
    END IF;
    number := changeover.enqueueable_kind(my_app, of_kind, of_version);
    FOREACH moment IN ARRAY due LOOP
        CONTINUE WHEN moment <= passed OR moment > clock_timestamp() OR EXISTS (
            SELECT 1 FROM changeover.tick t
             WHERE t.app = my_app AND t.name = my_name AND t.scheduled_at = moment);
        INSERT INTO changeover.job (kind_id, payload)
        VALUES (number, jsonb_build_object('schedule', my_name, 'scheduledAt', moment))
        RETURNING id INTO new_job;
        INSERT INTO changeover.tick (app, name, scheduled_at, job)
        VALUES (my_app, my_name, moment, new_job);
        RETURN NEXT moment;
    END LOOP;
    UPDATE changeover.schedule s SET done_until = GREATEST(s.done_until, LEAST(up_to, clock_timestamp()))
     WHERE s.app = my_app AND s.name = my_name;
    IF cardinality(due) > 0 THEN
        PERFORM pg_notify('changeover_job', my_app);
    END IF;
END $$;

-- Forgets what nothing needs any more: ticks older than 30 days, members that left a day ago and whose
-- jobs are returned.
CREATE OR REPLACE FUNCTION changeover.prune_work_v1(of_app text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT changeover.require_service(of_app);
    DELETE FROM changeover.tick t
     WHERE t.app = of_app AND t.scheduled_at < clock_timestamp() - interval '30 days';
    DELETE FROM changeover.worker_candidate c USING changeover.instance i
     WHERE c.app = of_app AND i.id = c.instance
       AND coalesce(i.left_at, i.heartbeat_at) < clock_timestamp() - interval '1 day';
    DELETE FROM changeover.job_consumer c USING changeover.member m, changeover.instance i
     WHERE m.app = of_app AND m.instance = c.instance AND i.id = m.instance AND c.returned
       AND coalesce(i.left_at, i.heartbeat_at) < clock_timestamp() - interval '1 day';
    DELETE FROM changeover.member m USING changeover.instance i
     WHERE m.app = of_app AND i.id = m.instance
       AND coalesce(i.left_at, i.heartbeat_at) < clock_timestamp() - interval '1 day'
       AND NOT EXISTS (SELECT 1 FROM changeover.job_consumer c WHERE c.instance = m.instance)
$$;
