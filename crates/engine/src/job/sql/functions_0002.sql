-- The queue. CO004: no member. CO006: no such kind, or not before the switch. CO007: the job is not (or
-- no longer) mine, so that whoever finishes it must roll back.

-- Says that this instance runs a kind of job in a version of its payload.
CREATE FUNCTION changeover.declare_job_v1(
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
           (app, kind, version, since_gen, max_attempts, max_crashes, at_most_once)
    VALUES (my_app, my_kind, my_version, my_gen, my_max_attempts, my_max_crashes, my_at_most_once)
    ON CONFLICT (app, kind, version) DO UPDATE
        SET since_gen = LEAST(k.since_gen, excluded.since_gen), max_attempts = excluded.max_attempts,
            max_crashes = excluded.max_crashes, at_most_once = excluded.at_most_once
        WHERE (k.since_gen > excluded.since_gen
               OR (k.max_attempts, k.max_crashes, k.at_most_once)
                  <> (excluded.max_attempts, excluded.max_crashes, excluded.at_most_once));
    INSERT INTO changeover.job_consumer (instance, kind_id)
    SELECT my_instance, k.id FROM changeover.job_kind k
     WHERE k.app = my_app AND k.kind = my_kind AND k.version = my_version
    ON CONFLICT DO NOTHING;
END $$;

-- The kind's number, if its payload may be enqueued now: consumers come first, producers from the
-- switch on.
CREATE FUNCTION changeover.enqueueable_kind(of_app text, of_kind text, of_version integer)
RETURNS integer
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    k record;
BEGIN
    SELECT j.id, j.since_gen, g.gen INTO k
      FROM changeover.job_kind j LEFT JOIN changeover.generation g ON g.app = j.app
     WHERE j.app = of_app AND j.kind = of_kind AND j.version = of_version;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'application % has no job kind % version %', of_app, of_kind, of_version
            USING ERRCODE = 'CO006', HINT = 'an instance that runs it declares it first';
    END IF;
    IF k.gen IS NOT NULL AND k.since_gen > k.gen THEN
        RAISE EXCEPTION 'job kind % version % may be enqueued from generation % on; now is %',
            of_kind, of_version, k.since_gen, k.gen
            USING ERRCODE = 'CO006', HINT = 'enqueue the version that enqueueable_version_v1 names';
    END IF;
    RETURN k.id;
END $$;

-- The highest version up to `up_to` that may be enqueued now; NULL: none.
CREATE FUNCTION changeover.enqueueable_version_v1(of_app text, of_kind text, up_to integer)
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
CREATE FUNCTION changeover.enqueue_v1(
    of_app text, of_kind text, of_version integer, payloads jsonb[],
    with_priority smallint DEFAULT 0, at timestamptz DEFAULT NULL, unique_keys text[] DEFAULT NULL
) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number integer := changeover.enqueueable_kind(of_app, of_kind, of_version);
    is_later boolean := coalesce(at > clock_timestamp(), false);
BEGIN
    RETURN QUERY
    INSERT INTO changeover.job (kind_id, shelf, priority, run_at, unique_key, payload)
    SELECT number, CASE WHEN is_later THEN 'later' ELSE 'open' END, with_priority,
           coalesce(at, clock_timestamp()),
           CASE WHEN p.key IS NOT NULL THEN format('%s/%s/%s', of_app, of_kind, p.key) END, p.payload
      FROM unnest(payloads, unique_keys) WITH ORDINALITY AS p (payload, key, place)
     WHERE p.payload IS NOT NULL
     ORDER BY p.place
    ON CONFLICT DO NOTHING
    RETURNING id;
    IF NOT is_later THEN
        PERFORM pg_notify('changeover_job', of_app);
    END IF;
END $$;

-- Claims up to `at_most` jobs that this instance has declared to run: of each kind the most urgent ones,
-- the kind with the most urgent ones first. Counts an attempt. The claim need not be durable: a job
-- whose claim is lost in a crash of the server is claimed again, and its finish refused.
CREATE FUNCTION changeover.claim_v1(my_instance uuid, at_most integer)
RETURNS TABLE (id bigint, kind text, version integer, attempt integer, payload jsonb,
               enqueued_at timestamptz, run_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    head record;
    taken integer := 0;
    got integer;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM changeover.instance i
                    WHERE i.id = my_instance AND i.state = 'serving' AND i.login = session_user
                      AND i.left_at IS NULL
                      AND i.heartbeat_at > clock_timestamp() - i.ttl_ms * interval '1 millisecond') THEN
        -- Not serving, or not heard of (an orphan's claims would be returned again and again, each time
        -- as a crash): none. No member: raises, since it would wait for ever.
        PERFORM changeover.member_app(my_instance);
        RETURN;
    END IF;
    FOR head IN
        SELECT c.kind_id, k.kind, k.version, h.priority
          FROM changeover.job_consumer c JOIN changeover.job_kind k ON k.id = c.kind_id
         CROSS JOIN LATERAL (
               SELECT j.priority FROM changeover.job j
                WHERE j.kind_id = c.kind_id AND j.shelf = 'open' AND j.claimant IS NULL
                ORDER BY j.priority, j.id LIMIT 1) h
         WHERE c.instance = my_instance
         ORDER BY h.priority, random()
    LOOP
        RETURN QUERY
        UPDATE changeover.job j SET claimant = my_instance, attempt = j.attempt + 1
         WHERE j.id = ANY (ARRAY(
               SELECT o.id FROM changeover.job o
                WHERE o.kind_id = head.kind_id AND o.shelf = 'open' AND o.priority = head.priority
                  AND o.claimant IS NULL
                ORDER BY o.id LIMIT at_most - taken FOR NO KEY UPDATE SKIP LOCKED))
        RETURNING j.id, head.kind, head.version, j.attempt, j.payload, j.enqueued_at, j.run_at;
        GET DIAGNOSTICS got = ROW_COUNT;
        taken := taken + got;
        EXIT WHEN taken >= at_most;
    END LOOP;
END $$;

-- Finishes jobs, in the transaction of their effects: all of them are mine and at that attempt, or it
-- raises and nothing of the transaction happens.
CREATE FUNCTION changeover.finish_v1(my_instance uuid, ids bigint[], attempts integer[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    PERFORM changeover.member_app(my_instance);
    DELETE FROM changeover.job j USING unnest(ids, attempts) AS m (id, attempt)
     WHERE j.id = m.id AND j.attempt = m.attempt AND j.claimant = my_instance;
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone <> cardinality(ids) THEN
        RAISE EXCEPTION '% of % jobs are not claimed by % any more',
            cardinality(ids) - gone, cardinality(ids), my_instance
            USING ERRCODE = 'CO007', HINT = 'others run them now: roll back';
    END IF;
END $$;

-- The attempt has failed: tried again after a pause that doubles (from 1 s to an hour, unless given),
-- or given up after the kind's number of attempts. Returns the shelf. CO007: it is not mine any more.
CREATE FUNCTION changeover.fail_v1(
    my_instance uuid, my_job bigint, my_attempt integer, why text, pause_ms bigint DEFAULT NULL,
    give_up boolean DEFAULT false
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    now_on text;
BEGIN
    UPDATE changeover.job j
       SET shelf = CASE WHEN give_up OR j.failures + 1 >= k.max_attempts THEN 'dead' ELSE 'later' END,
           failures = j.failures + 1, claimant = NULL, called_at = NULL, error = left(why, 2000),
           run_at = clock_timestamp() + coalesce(pause_ms,
               LEAST(1000 * 2 ^ LEAST(j.failures, 20), 3600000) * (0.75 + random() / 2)
           ) * interval '1 millisecond'
      FROM changeover.job_kind k
     WHERE j.id = my_job AND j.attempt = my_attempt AND j.claimant = my_instance AND k.id = j.kind_id
       AND k.app = changeover.member_app(my_instance)
    RETURNING j.shelf INTO now_on;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'job % is not claimed by % any more', my_job, my_instance
            USING ERRCODE = 'CO007', HINT = 'others run it now: do nothing more for it';
    END IF;
    RETURN now_on;
END $$;

-- Gives back jobs that were claimed and not begun: no attempt is counted. Those that are not mine any
-- more are passed over. Returns how many.
CREATE FUNCTION changeover.unclaim_v1(my_instance uuid, ids bigint[], attempts integer[])
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH given AS (
        UPDATE changeover.job j SET claimant = NULL, attempt = j.attempt - 1
          FROM unnest(ids, attempts) AS m (id, attempt), changeover.member_app(my_instance) AS mine
         WHERE j.id = m.id AND j.attempt = m.attempt AND j.claimant = my_instance
        RETURNING 1
    ), told AS (
        SELECT pg_notify('changeover_job', mine) FROM changeover.member_app(my_instance) AS mine
         WHERE cardinality(ids) > 0
    )
    SELECT (SELECT count(*) FROM given) + 0 * (SELECT count(*) FROM told)
$$;

-- For at-most-once kinds, committed before what cannot be undone is done outside the database: a process
-- that dies after this leaves the job as `unknown`, and nobody does it a second time.
CREATE FUNCTION changeover.mark_v1(my_instance uuid, my_job bigint, my_attempt integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM changeover.member_app(my_instance);
    UPDATE changeover.job j SET called_at = clock_timestamp()
     WHERE j.id = my_job AND j.attempt = my_attempt AND j.claimant = my_instance
       AND j.called_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'job % is not claimed by % any more, or was called already',
            my_job, my_instance
            USING ERRCODE = 'CO007', HINT = 'do not make the call';
    END IF;
END $$;

-- The outcome of a call turned out to be unknown (no answer in time).
CREATE FUNCTION changeover.set_unknown_v1(my_instance uuid, my_job bigint, my_attempt integer, why text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM changeover.member_app(my_instance);
    UPDATE changeover.job j SET shelf = 'unknown', claimant = NULL, error = left(why, 2000)
     WHERE j.id = my_job AND j.attempt = my_attempt AND j.claimant = my_instance;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'job % is not claimed by % any more', my_job, my_instance
            USING ERRCODE = 'CO007', HINT = 'others run it now: do nothing more for it';
    END IF;
END $$;

-- Claims jobs of unknown outcome, of kinds that this instance runs, for asking the other side. Counts an
-- attempt, as the fence of who asks. Ended by finish_v1 (it was done), or fail_v1 (it was not).
CREATE FUNCTION changeover.claim_unknown_v1(my_instance uuid, at_most integer)
RETURNS TABLE (id bigint, kind text, version integer, attempt integer, payload jsonb,
               enqueued_at timestamptz, run_at timestamptz)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE changeover.job j SET claimant = my_instance, attempt = j.attempt + 1
      FROM changeover.job_kind k, changeover.member_app(my_instance) AS mine
     WHERE k.id = j.kind_id AND k.app = mine AND changeover.is_live(my_instance) AND j.id = ANY (ARRAY(
           SELECT o.id FROM changeover.job_consumer c
             JOIN changeover.job o ON o.kind_id = c.kind_id AND o.shelf = 'unknown'
            WHERE c.instance = my_instance AND o.claimant IS NULL
            ORDER BY o.id LIMIT at_most FOR NO KEY UPDATE OF o SKIP LOCKED))
    RETURNING j.id, k.kind, k.version, j.attempt, j.payload, j.enqueued_at, j.run_at
$$;

-- What every member does at every poll: jobs whose time has come are opened, and those of instances that
-- have died are returned; both only for kinds that this instance runs, so that an older release never
-- touches what it does not know. Returns how many jobs became open.
CREATE FUNCTION changeover.tend_jobs_v1(my_instance uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
    opened bigint;
    returned bigint := 0;
    gone record;
BEGIN
    UPDATE changeover.job j SET shelf = 'open'
     WHERE j.id = ANY (ARRAY(
           SELECT o.id FROM changeover.job o
             JOIN changeover.job_consumer c ON c.kind_id = o.kind_id AND c.instance = my_instance
            WHERE o.shelf = 'later' AND o.run_at <= clock_timestamp()
            ORDER BY o.run_at LIMIT 1000 FOR NO KEY UPDATE OF o SKIP LOCKED));
    GET DIAGNOSTICS opened = ROW_COUNT;
    FOR gone IN
        SELECT DISTINCT d.instance FROM changeover.job_consumer d
          JOIN changeover.member m ON m.instance = d.instance AND m.app = my_app
          JOIN changeover.job_consumer c ON c.kind_id = d.kind_id AND c.instance = my_instance
         WHERE d.instance <> my_instance AND NOT changeover.is_live(d.instance)
    LOOP
        returned := returned + changeover.rescue_jobs(my_instance, gone.instance);
    END LOOP;
    IF opened + returned > 0 THEN
        PERFORM pg_notify('changeover_job', my_app);
    END IF;
    RETURN opened + returned;
END $$;

-- Returns the jobs of an instance that has died, of kinds that `rescuer` runs. Called, and died: what
-- must not happen twice becomes unknown; what has taken its process with it too often is poison.
CREATE FUNCTION changeover.rescue_jobs(rescuer uuid, of_instance uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    returned bigint;
BEGIN
    -- One rescuer at a time, and none while the instance says that it lives after all.
    PERFORM 1 FROM changeover.instance i
     WHERE i.id = of_instance
       AND (i.left_at IS NOT NULL
            OR i.heartbeat_at <= clock_timestamp() - i.ttl_ms * interval '1 millisecond')
       FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    UPDATE changeover.job j
       SET claimant = NULL, crashes = j.crashes + 1,
           error = CASE WHEN j.called_at IS NOT NULL AND k.at_most_once
                        THEN 'its process ended after the call and before the answer was kept'
                        ELSE 'its process ended before it was done' END,
           run_at = clock_timestamp() + LEAST(j.crashes, 60) * interval '1 second',
           shelf = CASE WHEN j.called_at IS NOT NULL AND k.at_most_once THEN 'unknown'
                        WHEN j.crashes + 1 >= k.max_crashes THEN 'dead'
                        WHEN j.crashes > 0 THEN 'later' ELSE 'open' END
      FROM changeover.job_kind k, changeover.job_consumer c
     WHERE k.id = j.kind_id AND c.kind_id = j.kind_id AND c.instance = rescuer
       AND j.claimant = of_instance AND j.shelf IN ('open', 'unknown');
    GET DIAGNOSTICS returned = ROW_COUNT;
    DELETE FROM changeover.job_consumer d USING changeover.job_consumer c
     WHERE d.instance = of_instance AND c.instance = rescuer AND c.kind_id = d.kind_id;
    RETURN returned;
END $$;

-- With the switch to a generation: jobs that it cannot run are parked (going back), and those that it
-- can, are open again (going forth). Nothing is lost, and an event says so.
CREATE FUNCTION changeover.park_jobs(of_app text, for_gen bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moved bigint;
BEGIN
    UPDATE changeover.job j SET shelf = 'parked'
      FROM changeover.job_kind k
     WHERE k.id = j.kind_id AND k.app = of_app AND k.since_gen > for_gen
       AND j.shelf IN ('open', 'later') AND j.claimant IS NULL;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved > 0 THEN
        INSERT INTO changeover.event (app, kind, detail)
        VALUES (of_app, 'jobs_parked',
                format('%s jobs cannot be run by generation %s; they wait for a later one', moved, for_gen));
    END IF;
    UPDATE changeover.job j
       SET shelf = CASE WHEN j.run_at > clock_timestamp() THEN 'later' ELSE 'open' END
      FROM changeover.job_kind k
     WHERE k.id = j.kind_id AND k.app = of_app AND k.since_gen <= for_gen AND j.shelf = 'parked';
END $$;

-- How many jobs a generation could not run: must be 0, or be parked knowingly, before going back to it.
CREATE FUNCTION changeover.jobs_beyond_v1(of_app text, of_gen bigint)
RETURNS TABLE (kind text, version integer, jobs bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.kind, k.version, count(*)
      FROM changeover.job_kind k JOIN changeover.job j ON j.kind_id = k.id
     WHERE k.app = of_app AND k.since_gen > of_gen AND j.shelf <> 'dead'
     GROUP BY k.kind, k.version ORDER BY k.kind, k.version
$$;

-- Puts jobs that were given up, or whose outcome is unknown, back, with a fresh count of failures.
CREATE FUNCTION changeover.requeue_v1(of_app text, ids bigint[]) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH back AS (
        UPDATE changeover.job j
           SET shelf = 'open', failures = 0, crashes = 0, claimant = NULL, called_at = NULL,
               run_at = clock_timestamp()
          FROM changeover.job_kind k
         WHERE k.id = j.kind_id AND k.app = of_app AND j.id = ANY (ids) AND j.claimant IS NULL
           AND j.shelf IN ('dead', 'unknown')
        RETURNING 1
    ), told AS (SELECT pg_notify('changeover_job', of_app))
    SELECT (SELECT count(*) FROM back) + 0 * (SELECT count(*) FROM told)
$$;

-- States a schedule; the one of the current generation counts.
CREATE FUNCTION changeover.declare_schedule_v1(
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
$$;

-- Enqueues what is due of a schedule, each scheduled time once, whoever computes it; only for the
-- generation that has the background work. Times at or before `done_until` are passed over. Returns
-- the scheduled times that this call enqueued.
CREATE FUNCTION changeover.tick_v1(
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
        CONTINUE WHEN moment <= passed OR EXISTS (
            SELECT 1 FROM changeover.tick t
             WHERE t.app = my_app AND t.name = my_name AND t.scheduled_at = moment);
        INSERT INTO changeover.job (kind_id, payload)
        VALUES (number, jsonb_build_object('schedule', my_name, 'scheduledAt', moment))
        RETURNING id INTO new_job;
        INSERT INTO changeover.tick (app, name, scheduled_at, job)
        VALUES (my_app, my_name, moment, new_job);
        RETURN NEXT moment;
    END LOOP;
    UPDATE changeover.schedule s SET done_until = GREATEST(s.done_until, up_to)
     WHERE s.app = my_app AND s.name = my_name;
    IF cardinality(due) > 0 THEN
        PERFORM pg_notify('changeover_job', my_app);
    END IF;
END $$;

-- Forgets what nothing needs any more: ticks older than 30 days, members that left a day ago and whose
-- jobs are returned.
CREATE FUNCTION changeover.prune_work_v1(of_app text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM changeover.tick t
     WHERE t.app = of_app AND t.scheduled_at < clock_timestamp() - interval '30 days';
    DELETE FROM changeover.worker_candidate c USING changeover.instance i
     WHERE c.app = of_app AND i.id = c.instance
       AND coalesce(i.left_at, i.heartbeat_at) < clock_timestamp() - interval '1 day';
    DELETE FROM changeover.member m USING changeover.instance i
     WHERE m.app = of_app AND i.id = m.instance
       AND coalesce(i.left_at, i.heartbeat_at) < clock_timestamp() - interval '1 day'
       AND NOT EXISTS (SELECT 1 FROM changeover.job_consumer c WHERE c.instance = m.instance)
$$;

-- For people: each job with its state in one word.
CREATE VIEW changeover.jobs AS
SELECT j.id, k.app, k.kind, k.version,
       CASE WHEN j.claimant IS NOT NULL THEN 'running'
            WHEN j.shelf = 'open' THEN 'waiting' ELSE j.shelf END AS state,
       j.priority, j.attempt, j.failures, k.max_attempts, j.crashes, j.claimant, j.called_at, j.run_at,
       j.enqueued_at, j.error, j.payload
  FROM changeover.job j JOIN changeover.job_kind k ON k.id = j.kind_id;
