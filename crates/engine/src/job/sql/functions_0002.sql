-- The queue. CO004: no member. CO006: no such kind, or not before the switch. CO007: the job is not (or
-- no longer) mine, so that whoever finishes it must roll back.

-- Says that this instance runs a kind of job in a version of its payload. Where releases state other
-- limits, those of the highest generation count.
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
CREATE FUNCTION changeover.enqueueable_kind(of_app text, of_kind text, of_version integer)
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

-- Claims up to `at_most` jobs that this instance has declared to run: of each kind the most urgent ones,
-- the kind with the most urgent one first; of a kind that is in `of_kinds` at most as many as `limits`
-- says, of others none (both NULL: any). Counts an attempt. The claim need not be durable: a job whose
-- claim is lost in a crash of the server is claimed again, and its finish refused.
-- Of jobs that a process has died with, an instance has one at a time: see job.crashes.
-- The planner's choice is taken away: statistics of a queue are always out of date, and its index gives
-- the rows in the order in which they are needed.
CREATE FUNCTION changeover.claim_v1(
    my_instance uuid, at_most integer, of_kinds text[] DEFAULT NULL, limits integer[] DEFAULT NULL
)
RETURNS TABLE (id bigint, kind text, version integer, attempt integer, payload jsonb,
               enqueued_at timestamptz, run_at timestamptz, failures integer, crashes integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
    mine record;
    left_of jsonb := (SELECT jsonb_object_agg(l.kind, l.n) FROM unnest(of_kinds, limits) AS l (kind, n));
    taken integer := 0;
    want integer;
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
    -- Held to the end of this transaction: whoever returns my jobs, should I count as dead, waits.
    PERFORM 1 FROM changeover.job_consumer c WHERE c.instance = my_instance FOR SHARE;
    FOR mine IN
        SELECT c.kind_id, k.kind, k.version, h.priority
          FROM changeover.job_consumer c JOIN changeover.job_kind k ON k.id = c.kind_id
         CROSS JOIN LATERAL (
               SELECT j.priority FROM changeover.job j
                WHERE j.kind_id = c.kind_id AND j.shelf = 'open' AND j.claimant IS NULL
                  AND j.crashes = 0
                ORDER BY j.priority, j.id LIMIT 1) h
         WHERE c.instance = my_instance AND NOT c.returned
           AND (of_kinds IS NULL OR k.kind = ANY (of_kinds))
         ORDER BY h.priority, random()
    LOOP
        want := LEAST(at_most - taken, coalesce((left_of ->> mine.kind)::integer, at_most));
        CONTINUE WHEN want <= 0;
        -- One claims a kind at a time, and needs no row locks for it; who comes meanwhile does not wait but
        -- locks row by row. Either way a row is claimed once: the update asks for the claimant again. By
        -- place, since what is not claimed stays where it is.
        IF pg_try_advisory_xact_lock(1667788662, mine.kind_id) THEN
            RETURN QUERY
            UPDATE changeover.job j SET claimant = my_instance, attempt = j.attempt + 1
             WHERE j.claimant IS NULL AND j.ctid = ANY (ARRAY(
                   SELECT o.ctid FROM changeover.job o
                    WHERE o.kind_id = mine.kind_id AND o.shelf = 'open'
                      AND o.claimant IS NULL AND o.crashes = 0
                    ORDER BY o.priority, o.id LIMIT want))
            RETURNING j.id, mine.kind, mine.version, j.attempt, j.payload, j.enqueued_at, j.run_at,
                      j.failures, j.crashes;
        ELSE
            RETURN QUERY
            UPDATE changeover.job j SET claimant = my_instance, attempt = j.attempt + 1
             WHERE j.claimant IS NULL AND j.ctid = ANY (ARRAY(
                   SELECT o.ctid FROM changeover.job o
                    WHERE o.kind_id = mine.kind_id AND o.shelf = 'open'
                      AND o.claimant IS NULL AND o.crashes = 0
                    ORDER BY o.priority, o.id LIMIT want FOR NO KEY UPDATE SKIP LOCKED))
            RETURNING j.id, mine.kind, mine.version, j.attempt, j.payload, j.enqueued_at, j.run_at,
                      j.failures, j.crashes;
        END IF;
        GET DIAGNOSTICS got = ROW_COUNT;
        taken := taken + got;
        left_of := left_of || jsonb_build_object(mine.kind, want - got);
        EXIT WHEN taken >= at_most;
    END LOOP;
    IF taken >= at_most OR EXISTS (
        SELECT 1 FROM changeover.job j WHERE j.shelf = 'open' AND j.crashes > 0
                                         AND j.claimant = my_instance) THEN
        RETURN;
    END IF;
    RETURN QUERY
    UPDATE changeover.job j SET claimant = my_instance, attempt = j.attempt + 1
      FROM changeover.job_kind k
     WHERE k.id = j.kind_id AND j.id = ANY (ARRAY(
           SELECT o.id FROM changeover.job_consumer c
             JOIN changeover.job_kind m ON m.id = c.kind_id
             JOIN changeover.job o ON o.kind_id = c.kind_id AND o.shelf = 'open' AND o.crashes > 0
            WHERE c.instance = my_instance AND NOT c.returned AND o.claimant IS NULL
              AND (of_kinds IS NULL OR (left_of ->> m.kind)::integer > 0)
            ORDER BY o.priority, o.id LIMIT 1 FOR NO KEY UPDATE OF o SKIP LOCKED))
    RETURNING j.id, k.kind, k.version, j.attempt, j.payload, j.enqueued_at, j.run_at, j.failures,
              j.crashes;
END $$;

-- Finishes jobs, in the transaction of their effects: all of them are mine and at that attempt, or it
-- raises and nothing of the transaction happens.
CREATE FUNCTION changeover.finish_v1(my_instance uuid, ids bigint[], attempts integer[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    gone bigint;
BEGIN
    PERFORM changeover.member_app(my_instance);
    DELETE FROM changeover.job j USING unnest(ids, attempts) AS m (id, attempt)
     WHERE j.id = m.id AND j.attempt = m.attempt AND j.claimant = my_instance;
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone IS DISTINCT FROM cardinality(ids) THEN
        RAISE EXCEPTION '% of % jobs are not claimed by % any more',
            cardinality(ids) - gone, cardinality(ids), my_instance
            USING ERRCODE = 'CO007', HINT = 'others run them now: roll back';
    END IF;
END $$;

-- The attempt has failed: tried again after a pause that doubles (from 1 s to an hour; or as given, up
-- to 30 days),
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
           -- GREATEST would make 0 of no pause given.
           run_at = clock_timestamp() + CASE
               WHEN pause_ms IS NOT NULL THEN LEAST(GREATEST(pause_ms, 0), 2592000000)
               ELSE LEAST(1000 * 2 ^ LEAST(j.failures, 20), 3600000) * (0.75 + random() / 2)
           END * interval '1 millisecond'
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

-- Gives back jobs that were claimed and not begun, or rolled back: counts as no failure. What was called
-- outside is of unknown outcome. The attempt stays as it is, as the fence of whoever still works at it.
-- Those that are not mine any more are passed over. Returns how many.
CREATE FUNCTION changeover.unclaim_v1(my_instance uuid, ids bigint[], attempts integer[])
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
    given bigint;
BEGIN
    UPDATE changeover.job j
       SET claimant = NULL,
           shelf = CASE WHEN j.called_at IS NOT NULL THEN 'unknown' ELSE j.shelf END,
           run_at = CASE WHEN j.shelf = 'unknown' THEN clock_timestamp() + interval '30 seconds'
                         ELSE j.run_at END,
           error = CASE WHEN j.called_at IS NOT NULL AND j.shelf = 'open'
                        THEN 'given back after the call and before the answer was kept'
                        ELSE j.error END
      FROM unnest(ids, attempts) AS m (id, attempt)
     WHERE j.id = m.id AND j.attempt = m.attempt AND j.claimant = my_instance;
    GET DIAGNOSTICS given = ROW_COUNT;
    IF given > 0 THEN
        PERFORM pg_notify('changeover_job', my_app);
    END IF;
    RETURN given;
END $$;

-- Gives back what I have claimed, but for what I know of: the answer to a claim may be lost with its
-- connection. To be called when no claim is under way. Reads all open jobs, so only after such a loss.
CREATE FUNCTION changeover.unclaim_others_v1(my_instance uuid, known bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lost record;
BEGIN
    SELECT array_agg(j.id) AS ids, array_agg(j.attempt) AS attempts INTO lost
      FROM changeover.job j
     WHERE j.claimant = my_instance AND j.shelf IN ('open', 'unknown') AND j.id <> ALL (known);
    RETURN CASE WHEN lost.ids IS NULL THEN 0
                ELSE changeover.unclaim_v1(my_instance, lost.ids, lost.attempts) END;
END $$;

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
-- attempt, as the fence of who asks. Ended by finish_v1 (it was done), fail_v1 (it was not), or
-- unclaim_v1 (still not known: asked again in 30 s). One that takes its process with it too often waits for a person.
CREATE FUNCTION changeover.claim_unknown_v1(my_instance uuid, at_most integer)
RETURNS TABLE (id bigint, kind text, version integer, attempt integer, payload jsonb,
               enqueued_at timestamptz, run_at timestamptz, failures integer, crashes integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM changeover.member_app(my_instance);
    PERFORM 1 FROM changeover.job_consumer c WHERE c.instance = my_instance FOR SHARE;
    RETURN QUERY
    UPDATE changeover.job j SET claimant = my_instance, attempt = j.attempt + 1
      FROM changeover.job_kind k
     WHERE k.id = j.kind_id AND j.id = ANY (ARRAY(
           SELECT o.id FROM changeover.job_consumer c
             JOIN changeover.job_kind m ON m.id = c.kind_id
             JOIN changeover.job o ON o.kind_id = c.kind_id AND o.shelf = 'unknown'
            WHERE c.instance = my_instance AND NOT c.returned AND o.claimant IS NULL
              AND o.crashes < m.max_crashes AND o.run_at <= clock_timestamp()
            ORDER BY o.id LIMIT at_most FOR NO KEY UPDATE OF o SKIP LOCKED))
    RETURNING j.id, k.kind, k.version, j.attempt, j.payload, j.enqueued_at, j.run_at, j.failures,
              j.crashes;
END $$;

-- What every member does at every poll: jobs whose time has come are opened, and those of instances that
-- have died are returned; both only for kinds that this instance runs, so that an older release never
-- touches what it does not know. Returns how many jobs became open.
CREATE FUNCTION changeover.tend_jobs_v1(my_instance uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
    opened bigint;
    returned_now bigint := 0;
    gone record;
BEGIN
    -- I counted as dead for a while, and live.
    UPDATE changeover.job_consumer c SET returned = false WHERE c.instance = my_instance AND c.returned;
    UPDATE changeover.job j SET shelf = 'open'
     WHERE j.id = ANY (ARRAY(
           SELECT o.id FROM changeover.job o
             JOIN changeover.job_consumer c ON c.kind_id = o.kind_id AND c.instance = my_instance
            WHERE o.shelf = 'later' AND o.run_at <= clock_timestamp()
            ORDER BY o.run_at LIMIT 1000 FOR NO KEY UPDATE OF o SKIP LOCKED));
    GET DIAGNOSTICS opened = ROW_COUNT;
    FOR gone IN
        SELECT DISTINCT d.instance FROM changeover.job_consumer d
          JOIN changeover.job_consumer c ON c.kind_id = d.kind_id AND c.instance = my_instance
         WHERE d.instance <> my_instance AND NOT d.returned AND NOT changeover.is_live(d.instance)
    LOOP
        returned_now := returned_now + changeover.rescue_jobs(my_instance, gone.instance);
    END LOOP;
    IF opened + returned_now > 0 THEN
        PERFORM pg_notify('changeover_job', my_app);
    END IF;
    RETURN opened + returned_now;
END $$;

-- Returns the jobs of an instance that has died, of kinds that `rescuer` runs. Called, and died: that
-- becomes unknown; what has taken its process with it too often is poison. Reads all open jobs, since
-- no index may know the claimant (see the table): once for each instance that ends.
CREATE FUNCTION changeover.rescue_jobs(rescuer uuid, of_instance uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    returned_now bigint;
BEGIN
    -- One rescuer at a time, and none while the instance says that it lives after all.
    PERFORM 1 FROM changeover.instance i
     WHERE i.id = of_instance
       AND (i.left_at IS NOT NULL
            OR i.heartbeat_at <= clock_timestamp() - i.ttl_ms * interval '1 millisecond')
       FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND AND EXISTS (SELECT 1 FROM changeover.instance i WHERE i.id = of_instance) THEN
        RETURN 0;
    END IF;
    -- Waits for a claim under way; the next statement sees it.
    UPDATE changeover.job_consumer d SET returned = true
      FROM changeover.job_consumer c
     WHERE d.instance = of_instance AND c.instance = rescuer AND c.kind_id = d.kind_id;
    UPDATE changeover.job j
       SET claimant = NULL, crashes = j.crashes + 1,
           error = CASE WHEN j.called_at IS NOT NULL
                        THEN 'its process ended after the call and before the answer was kept'
                        ELSE 'its process ended before it was done' END,
           run_at = clock_timestamp() + LEAST(j.crashes, 60) * interval '1 second',
           shelf = CASE WHEN j.called_at IS NOT NULL THEN 'unknown'
                        WHEN j.crashes + 1 >= k.max_crashes THEN 'dead'
                        WHEN j.crashes > 0 THEN 'later' ELSE 'open' END
      FROM changeover.job_kind k, changeover.job_consumer c
     WHERE k.id = j.kind_id AND c.kind_id = j.kind_id AND c.instance = rescuer
       AND j.claimant = of_instance AND j.shelf IN ('open', 'unknown');
    GET DIAGNOSTICS returned_now = ROW_COUNT;
    RETURN returned_now;
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

-- With the switch to a generation: an event says how many jobs it cannot run. Nothing is done to them:
-- no consumer of that generation claims, opens or returns them, and the view `jobs` calls them parked
-- until a generation that can run them is back. A million rows would hold the switch up.
CREATE FUNCTION changeover.park_jobs(of_app text, for_gen bigint) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO changeover.event (app, kind, detail)
    SELECT of_app, 'jobs_parked',
           format('%s jobs cannot be run by generation %s; they wait for a later one', sum(b.jobs), for_gen)
      FROM changeover.jobs_beyond_v1(of_app, for_gen) b
    HAVING sum(b.jobs) > 0
$$;

-- Puts jobs that were given up, or whose outcome is unknown, back, with a fresh count of failures. Those
-- whose unique key another one has by now stay. Returns how many were put back.
CREATE FUNCTION changeover.requeue_v1(of_app text, ids bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    back bigint;
BEGIN
    UPDATE changeover.job j
       SET shelf = 'open', failures = 0, crashes = 0, called_at = NULL, run_at = clock_timestamp()
      FROM changeover.job_kind k
     WHERE k.id = j.kind_id AND k.app = of_app AND j.id = ANY (ids) AND j.claimant IS NULL
       AND j.shelf IN ('dead', 'unknown')
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
          AND excluded.gen = coalesce((SELECT g.gen FROM changeover.generation g WHERE g.app = s.app),
                                      excluded.gen)
$$;

-- Enqueues what is due of a schedule, each scheduled time once, whoever computes it; only for the
-- generation that has the background work. Times at or before `done_until` are passed over, and so are
-- those that have not come yet by the database's clock. Returns the scheduled times that were enqueued.
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
CREATE FUNCTION changeover.prune_work_v1(of_app text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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

-- For people: each job with its state in one word. Parked: only a generation above the current one has
-- said that it can run it.
CREATE VIEW changeover.jobs AS
SELECT j.id, k.app, k.kind, k.version,
       CASE WHEN j.claimant IS NOT NULL THEN 'running'
            WHEN j.shelf IN ('open', 'later') AND k.since_gen > g.gen THEN 'parked'
            WHEN j.shelf = 'open' THEN 'waiting' ELSE j.shelf END AS state,
       j.priority, j.attempt, j.failures, k.max_attempts, j.crashes, j.claimant, j.called_at, j.run_at,
       j.enqueued_at, j.error, j.payload
  FROM changeover.job j
  JOIN changeover.job_kind k ON k.id = j.kind_id
  LEFT JOIN changeover.generation g ON g.app = k.app;
