-- The queue: what becomes of a claim. CO004: no member. CO007: the job is not (or no longer) mine, so that
-- the one that finishes it must roll back. What ends a claim but does not finish it raises the job's
-- `attempt`: then the claim's row is void, work that goes on under it is refused, and the row itself
-- need not be written.

-- Whether this instance has claimed that attempt. Whether the claim holds still, the job's row says.
CREATE OR REPLACE FUNCTION changeover.has_claimed(my_instance uuid, my_job bigint, my_attempt integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM changeover.claimed c
                    WHERE c.instance = my_instance AND c.id = my_job AND c.attempt = my_attempt)
$$;

-- The same of several. With six claims of 500 jobs, one look takes up to 0.2 ms, and one at all of them for
-- any number of jobs 2.2 ms: so up to eight are looked up one by one.
CREATE OR REPLACE FUNCTION changeover.have_claimed(my_instance uuid, ids bigint[], attempts integer[]) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cardinality(ids) <= 8 THEN
        RETURN NOT EXISTS (SELECT 1 FROM unnest(ids, attempts) AS m (id, attempt)
                            WHERE NOT changeover.has_claimed(my_instance, m.id, m.attempt));
    END IF;
    RETURN NOT EXISTS (
        SELECT 1 FROM unnest(ids, attempts) AS m (id, attempt)
         WHERE (m.id, m.attempt) NOT IN (
               SELECT c.id, c.attempt FROM changeover.claimed c WHERE c.instance = my_instance));
END $$;

-- Finishes jobs, in the transaction of their effects: all of them are mine and at that attempt, or it
-- raises and nothing of the transaction happens. Quickest for just what one claim has returned, in its
-- order; any others of my claims will do.
CREATE OR REPLACE FUNCTION changeover.finish_v1(my_instance uuid, ids bigint[], attempts integer[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    gone bigint := 0;
BEGIN
    PERFORM changeover.member_app(my_instance);
    DELETE FROM changeover.job_claim c
     WHERE c.instance = my_instance AND c.ids = finish_v1.ids AND c.attempts = finish_v1.attempts;
    -- Both ways of deleting wait for whoever ends one of these claims otherwise, and see what he has written.
    IF FOUND AND attempts[1] = ALL (attempts) THEN
        DELETE FROM changeover.job j WHERE j.id = ANY (ids) AND j.attempt = attempts[1] - 1;
        GET DIAGNOSTICS gone = ROW_COUNT;
    ELSIF FOUND OR changeover.have_claimed(my_instance, ids, attempts) THEN
        DELETE FROM changeover.job j USING unnest(ids, attempts) AS m (id, attempt)
         WHERE j.id = m.id AND j.attempt = m.attempt - 1;
        GET DIAGNOSTICS gone = ROW_COUNT;
    END IF;
    IF gone IS DISTINCT FROM cardinality(ids) THEN
        RAISE EXCEPTION '% of % jobs are not claimed by % any more',
            cardinality(ids) - gone, cardinality(ids), my_instance
            USING ERRCODE = 'CO007', HINT = 'others run them now: roll back';
    END IF;
END $$;

-- The attempt has failed: tried again after a pause that doubles (from 1 s to an hour; or as given, up
-- to 30 days),
-- or given up after the kind's number of attempts. Returns the shelf. CO007: it is not mine any more.
CREATE OR REPLACE FUNCTION changeover.fail_v1(
    my_instance uuid, my_job bigint, my_attempt integer, why text, pause_ms bigint DEFAULT NULL,
    give_up boolean DEFAULT false
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    now_on text;
BEGIN
    PERFORM changeover.member_app(my_instance);
    UPDATE changeover.job j
       SET shelf = CASE WHEN give_up OR j.failures + 1 >= k.max_attempts THEN 'dead' ELSE 'later' END,
           attempt = my_attempt, failures = j.failures + 1, called_at = NULL, error = left(why, 2000),
           -- GREATEST would make 0 of no pause given.
           run_at = clock_timestamp() + CASE
               WHEN pause_ms IS NOT NULL THEN LEAST(GREATEST(pause_ms, 0), 2592000000)
               ELSE LEAST(1000 * 2 ^ LEAST(j.failures, 20), 3600000) * (0.75 + random() / 2)
           END * interval '1 millisecond'
      FROM changeover.job_kind k
     WHERE j.id = my_job AND j.attempt = my_attempt - 1 AND k.id = j.kind_id
       AND changeover.has_claimed(my_instance, my_job, my_attempt)
    RETURNING j.shelf INTO now_on;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'job % is not claimed by % any more', my_job, my_instance
            USING ERRCODE = 'CO007', HINT = 'others run it now: do nothing more for it';
    END IF;
    RETURN now_on;
END $$;

-- Gives back jobs that were claimed and not begun, or rolled back: counts as no failure. What was called
-- outside is of unknown outcome. Those that are not mine any more are passed over. Returns how many.
CREATE OR REPLACE FUNCTION changeover.unclaim_v1(my_instance uuid, ids bigint[], attempts integer[])
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
    given bigint;
BEGIN
    UPDATE changeover.job j
       SET attempt = m.attempt,
           shelf = CASE WHEN j.called_at IS NOT NULL THEN 'unknown' ELSE j.shelf END,
           run_at = CASE WHEN j.shelf = 'unknown' THEN clock_timestamp() + interval '30 seconds'
                         ELSE j.run_at END,
           error = CASE WHEN j.called_at IS NOT NULL AND j.shelf = 'open'
                        THEN 'given back after the call and before the answer was kept'
                        ELSE j.error END
      FROM unnest(ids, attempts) AS m (id, attempt)
     WHERE j.id = m.id AND j.attempt = m.attempt - 1
       AND (m.id, m.attempt) IN (
           SELECT c.id, c.attempt FROM changeover.claimed c WHERE c.instance = my_instance);
    GET DIAGNOSTICS given = ROW_COUNT;
    IF given > 0 THEN
        PERFORM pg_notify('changeover_job', my_app);
    END IF;
    RETURN given;
END $$;

-- Gives back what I have claimed, but for what I know of: the answer to a claim may be lost with its
-- connection. To be called when no claim is under way.
CREATE OR REPLACE FUNCTION changeover.unclaim_others_v1(my_instance uuid, known bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lost record;
BEGIN
    SELECT array_agg(c.id) AS ids, array_agg(c.attempt) AS attempts INTO lost
      FROM changeover.claimed c
     WHERE c.instance = my_instance AND c.id NOT IN (SELECT unnest(known));
    RETURN CASE WHEN lost.ids IS NULL THEN 0
                ELSE changeover.unclaim_v1(my_instance, lost.ids, lost.attempts) END;
END $$;

-- For at-most-once kinds, committed before what cannot be undone is done outside the database: a process
-- that dies after this leaves the job as `unknown`, and nobody does it a second time.
CREATE OR REPLACE FUNCTION changeover.mark_v1(my_instance uuid, my_job bigint, my_attempt integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM changeover.member_app(my_instance);
    UPDATE changeover.job j SET called_at = clock_timestamp()
     WHERE j.id = my_job AND j.attempt = my_attempt - 1 AND j.called_at IS NULL
       AND changeover.has_claimed(my_instance, my_job, my_attempt);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'job % is not claimed by % any more, or was called already',
            my_job, my_instance
            USING ERRCODE = 'CO007', HINT = 'do not make the call';
    END IF;
END $$;

-- The outcome of a call turned out to be unknown (no answer in time).
CREATE OR REPLACE FUNCTION changeover.set_unknown_v1(my_instance uuid, my_job bigint, my_attempt integer, why text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM changeover.member_app(my_instance);
    UPDATE changeover.job j SET shelf = 'unknown', attempt = my_attempt, error = left(why, 2000)
     WHERE j.id = my_job AND j.attempt = my_attempt - 1
       AND changeover.has_claimed(my_instance, my_job, my_attempt);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'job % is not claimed by % any more', my_job, my_instance
            USING ERRCODE = 'CO007', HINT = 'others run it now: do nothing more for it';
    END IF;
END $$;

