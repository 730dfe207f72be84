-- The queue: claiming. CO004: no member.

-- Whether this instance may claim; to be asked first in the transaction of a claim. Not while it is not
-- serving, or was not heard of: an orphan's claims would be returned again and again, each time as a
-- crash. No member: raises, since it would wait for ever.
CREATE OR REPLACE FUNCTION changeover.may_claim(my_instance uuid, at_most integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF at_most IS NULL THEN
        RAISE EXCEPTION 'at_most is NULL: all jobs would be claimed' USING ERRCODE = '22004';
    END IF;
    -- What was claimed meanwhile must be seen: see still_unclaimed.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'jobs are claimed at isolation level READ COMMITTED'
            USING ERRCODE = '25001', HINT = 'claim in a transaction of its own, or without any';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM changeover.instance i
                    WHERE i.id = my_instance AND i.state = 'serving' AND i.login = session_user
                      AND i.left_at IS NULL
                      AND i.heartbeat_at > clock_timestamp() - i.ttl_ms * interval '1 millisecond') THEN
        PERFORM changeover.member_app(my_instance);
        RETURN false;
    END IF;
    -- Held to the end of this transaction: whoever returns my jobs, should I count as dead, waits.
    PERFORM 1 FROM changeover.job_consumer c WHERE c.instance = my_instance FOR SHARE;
    RETURN true;
END $$;

-- Of jobs whose rows this transaction has locked, those that nobody has claimed since the caller looked:
-- `seen` are the claims that it saw. Who claims meanwhile passes over locked rows, and who came before has
-- committed or they would be locked, so this look is the last one.
CREATE OR REPLACE FUNCTION changeover.still_unclaimed(
    of_kind integer, seen bigint[], INOUT ids bigint[], INOUT attempts integer[], INOUT places tid[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM changeover.job_claim c
                WHERE c.kind_id = of_kind AND c.number <> ALL (seen)) THEN
        SELECT array_agg(f.id ORDER BY f.rank), array_agg(f.attempt ORDER BY f.rank),
               array_agg(f.place ORDER BY f.rank)
          INTO ids, attempts, places
          FROM unnest(ids, attempts, places) WITH ORDINALITY AS f (id, attempt, place, rank)
         WHERE (f.id, f.attempt) NOT IN (
               SELECT c.id, c.attempt FROM changeover.claimed c WHERE c.kind_id = of_kind);
    END IF;
END $$;

-- How urgent the first job of a kind is that anybody can claim; NULL: none.
CREATE OR REPLACE FUNCTION changeover.first_priority(of_kind integer) RETURNS smallint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (SELECT o.priority FROM changeover.job o
             WHERE o.kind_id = of_kind AND o.shelf = 'open' AND o.crashes = 0
               AND (o.id, o.attempt + 1) NOT IN (
                   SELECT c.id, c.attempt FROM changeover.claimed c WHERE c.kind_id = of_kind)
             ORDER BY o.priority, o.id LIMIT 1);
END $$;

-- Claims up to `at_most` jobs of one kind, the most urgent first; no suspects. Returns where their rows lie,
-- too: looking 500 up by their ids takes longer than all the rest. `failed`: which of them have failed before.
--
-- Looks on from where the kind's last claim ended, for up to 100 ms: what lies before is finished or under
-- way, and walking over it again costs more than claiming does. Whatever is enqueued or returned there
-- meanwhile waits for the next look from the start, which also comes where the rest does not suffice.
-- Claims that end before need not be compared with; that was most of what a claim cost.
CREATE OR REPLACE FUNCTION changeover.claim_of_kind(
    my_instance uuid, of_kind integer, at_most integer,
    OUT ids bigint[], OUT attempts integer[], OUT places tid[], OUT failed bigint[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    seen bigint[];
    found record;
    kept record;
    want integer := at_most;
    after record;
    goes_on boolean;
    last record;
BEGIN
    SELECT c.last_priority AS priority, c.last_id AS id, c.from_start_at INTO after
      FROM changeover.job_claim c WHERE c.kind_id = of_kind ORDER BY c.number DESC LIMIT 1;
    goes_on := coalesce(after.from_start_at > clock_timestamp() - interval '100 milliseconds', false);
    SELECT (-32768)::smallint AS priority, 0::bigint AS id INTO last;
    -- Bounded, since others may be quicker each time.
    FOR turn IN 1 .. 4 LOOP
        IF NOT goes_on THEN
            SELECT (-32768)::smallint AS priority, 0::bigint AS id, clock_timestamp() AS from_start_at
              INTO after;
        END IF;
        seen := ARRAY(SELECT c.number FROM changeover.job_claim c WHERE c.kind_id = of_kind);
        SELECT array_agg(f.id) AS ids, array_agg(f.attempt + 1) AS attempts,
               array_agg(f.ctid) AS places, max(f.priority) AS last_priority,
               array_agg(f.id) FILTER (WHERE f.failures > 0) AS failed
          INTO found FROM (
            SELECT o.id, o.attempt, o.priority, o.failures, o.ctid FROM changeover.job o
             WHERE o.kind_id = of_kind AND o.shelf = 'open' AND o.crashes = 0
               AND (o.priority, o.id) > (after.priority, after.id)
               AND (o.id, o.attempt + 1) NOT IN (
                   SELECT c.id, c.attempt FROM changeover.claimed c
                    WHERE c.kind_id = of_kind
                      AND (c.last_priority, c.last_id) > (after.priority, after.id))
               AND o.id NOT IN (SELECT unnest(ids))
             ORDER BY o.priority, o.id LIMIT want FOR NO KEY UPDATE SKIP LOCKED) f;
        EXIT WHEN found.ids IS NULL AND NOT goes_on;
        IF found.ids IS NOT NULL THEN
            SELECT s.ids, s.attempts, s.places INTO kept
              FROM changeover.still_unclaimed(of_kind, seen, found.ids, found.attempts, found.places) s;
            ids := ids || kept.ids;
            attempts := attempts || kept.attempts;
            places := places || kept.places;
            IF found.failed IS NOT NULL THEN
                failed := failed || (SELECT array_agg(f.id) FROM unnest(found.failed) AS f (id)
                                      WHERE f.id = ANY (kept.ids));
            END IF;
            -- A look from the start may end before where the first one did, and none of them may lie beyond.
            SELECT f.priority, f.id INTO last
              FROM (VALUES (last.priority, last.id),
                           (found.last_priority, found.ids[cardinality(found.ids)]))
                AS f (priority, id) ORDER BY f.priority DESC, f.id DESC LIMIT 1;
            want := at_most - coalesce(cardinality(ids), 0);
            EXIT WHEN want <= 0
                   OR NOT goes_on AND cardinality(kept.ids) = cardinality(found.ids);
        END IF;
        goes_on := false;
    END LOOP;
    IF cardinality(ids) > 0 THEN
        INSERT INTO changeover.job_claim
               (instance, kind_id, is_suspect, ids, attempts, last_priority, last_id, from_start_at)
        VALUES (my_instance, of_kind, false, ids, attempts, last.priority, last.id, after.from_start_at);
    END IF;
END $$;

-- Claims the most urgent suspect of a kind; all NULL: there is none.
CREATE OR REPLACE FUNCTION changeover.claim_suspect(
    my_instance uuid, of_kind integer, OUT ids bigint[], OUT attempts integer[], OUT places tid[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    seen bigint[] := ARRAY(SELECT c.number FROM changeover.job_claim c WHERE c.kind_id = of_kind);
BEGIN
    SELECT ARRAY[o.id], ARRAY[o.attempt + 1], ARRAY[o.ctid] INTO ids, attempts, places
      FROM changeover.job o
     WHERE o.kind_id = of_kind AND o.shelf = 'open' AND o.crashes > 0
       AND (o.id, o.attempt + 1) NOT IN (
           SELECT c.id, c.attempt FROM changeover.claimed c WHERE c.kind_id = of_kind)
     ORDER BY o.priority, o.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
    IF ids IS NOT NULL THEN
        SELECT s.ids, s.attempts, s.places INTO ids, attempts, places
          FROM changeover.still_unclaimed(of_kind, seen, ids, attempts, places) s;
    END IF;
    IF ids IS NOT NULL THEN
        INSERT INTO changeover.job_claim (instance, kind_id, is_suspect, ids, attempts)
        VALUES (my_instance, of_kind, true, ids, attempts);
    END IF;
END $$;

-- Claims up to `at_most` jobs that this instance has declared to run: of each kind the most urgent ones,
-- the kind with the most urgent one first; of a kind that is in `of_kinds` at most as many as `limits`
-- says, of others none (both NULL: any). Counts an attempt. The claim need not be durable: a job whose
-- claim is lost in a crash of the server is claimed again, and its finish refused.
-- Of jobs that a process has died with, an instance has one at a time: see job.crashes.
-- One row a kind: the jobs are read by read_jobs_v1, by whom and when they are run, since one connection
-- claims and several run. `alone`: those of them that are to be run by themselves.
-- The planner's choice is taken away here and in what this calls: statistics of a queue are always out of
-- date, and its index gives the rows in the order in which they are needed.
CREATE OR REPLACE FUNCTION changeover.claim_unread_v1(
    my_instance uuid, at_most integer, of_kinds text[] DEFAULT NULL, limits integer[] DEFAULT NULL
)
RETURNS TABLE (kind text, version integer, ids bigint[], attempts integer[], places tid[], alone bigint[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    mine record;
    left_of jsonb := (SELECT jsonb_object_agg(l.kind, l.n) FROM unnest(of_kinds, limits) AS l (kind, n));
    taken integer := 0;
    want integer;
    got integer;
BEGIN
    IF NOT changeover.may_claim(my_instance, at_most) THEN
        RETURN;
    END IF;
    FOR mine IN
        -- With one kind there is nothing to choose, and no need to look twice.
        SELECT c.kind_id, k.kind, k.version,
               CASE WHEN count(*) OVER () > 1 THEN changeover.first_priority(c.kind_id) ELSE 0 END AS priority
          FROM changeover.job_consumer c JOIN changeover.job_kind k ON k.id = c.kind_id
         WHERE c.instance = my_instance AND NOT c.returned
           AND (of_kinds IS NULL OR k.kind = ANY (of_kinds))
         ORDER BY priority, random()
    LOOP
        want := LEAST(at_most - taken, coalesce((left_of ->> mine.kind)::integer, at_most));
        CONTINUE WHEN want <= 0 OR mine.priority IS NULL;
        SELECT w.ids, w.attempts, w.places, w.failed INTO ids, attempts, places, alone
          FROM changeover.claim_of_kind(my_instance, mine.kind_id, want) w;
        got := coalesce(cardinality(ids), 0);
        CONTINUE WHEN got = 0;
        kind := mine.kind;
        version := mine.version;
        RETURN NEXT;
        taken := taken + got;
        left_of := left_of || jsonb_build_object(mine.kind, want - got);
        EXIT WHEN taken >= at_most;
    END LOOP;
    IF taken >= at_most OR EXISTS (
        SELECT 1 FROM changeover.job_claim c JOIN changeover.job j ON j.id = c.ids[1]
         WHERE c.instance = my_instance AND c.is_suspect AND j.attempt = c.attempts[1] - 1) THEN
        RETURN;
    END IF;
    FOR mine IN
        SELECT c.kind_id, k.kind, k.version
          FROM changeover.job_consumer c JOIN changeover.job_kind k ON k.id = c.kind_id
         CROSS JOIN LATERAL (
               SELECT o.priority, o.id FROM changeover.job o
                WHERE o.kind_id = c.kind_id AND o.shelf = 'open' AND o.crashes > 0
                ORDER BY o.priority, o.id LIMIT 1) h
         WHERE c.instance = my_instance AND NOT c.returned
           AND (of_kinds IS NULL
                OR k.kind = ANY (of_kinds) AND coalesce((left_of ->> k.kind)::integer, at_most) > 0)
         ORDER BY h.priority, h.id
    LOOP
        SELECT w.ids, w.attempts, w.places, w.ids INTO ids, attempts, places, alone
          FROM changeover.claim_suspect(my_instance, mine.kind_id) w;
        CONTINUE WHEN ids IS NULL;
        kind := mine.kind;
        version := mine.version;
        RETURN NEXT;
        EXIT;
    END LOOP;
END $$;

-- Of these jobs, those of these kinds that do not lie in one of these places. Planned each time, for the table
-- as it is: what is planned for a short queue walks through all of a long one, as IS TRUE below says.
CREATE OR REPLACE FUNCTION changeover.read_elsewhere(ids bigint[], kind_ids integer[], places tid[])
RETURNS TABLE (id bigint, attempt integer, payload jsonb, enqueued_at timestamptz, run_at timestamptz,
               failures integer, crashes integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT j.id, j.attempt + 1, j.payload, j.enqueued_at, j.run_at, j.failures, j.crashes
      FROM changeover.job j
     WHERE j.id = ANY (ids) AND (j.kind_id = ANY (kind_ids)) IS TRUE AND j.ctid <> ALL (places)
     ORDER BY j.priority, j.id;
END $$;

-- Jobs of kinds that this instance has declared, the most urgent first. `attempt` is the one that a claim
-- of the job is for now: where it is another than the claim's, that does not hold any more. `places` is
-- where their rows lay when they were claimed, if known: those that were written since are looked up by id.
CREATE OR REPLACE FUNCTION changeover.read_jobs_v1(my_instance uuid, ids bigint[], places tid[] DEFAULT '{}')
RETURNS TABLE (id bigint, attempt integer, payload jsonb, enqueued_at timestamptz, run_at timestamptz,
               failures integer, crashes integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    my_app text := changeover.member_app(my_instance);
    mine integer[] := ARRAY(SELECT c.kind_id FROM changeover.job_consumer c WHERE c.instance = my_instance);
    known tid[] := array_remove(coalesce(places, '{}'), NULL);
    got bigint;
BEGIN
    -- IS TRUE: neither a way into the table by kind, which looks best while the queue is short and walks
    -- through all of it when it is not, nor a join, whose size would be guessed. So nothing is left but ctid.
    RETURN QUERY
    SELECT j.id, j.attempt + 1, j.payload, j.enqueued_at, j.run_at, j.failures, j.crashes
      FROM changeover.job j
     -- Whoever was deleted may have left his place to another.
     WHERE j.ctid = ANY (known) AND (j.id IN (SELECT unnest(ids))) IS TRUE
       AND (j.kind_id = ANY (mine)) IS TRUE
     ORDER BY j.priority, j.id;
    GET DIAGNOSTICS got = ROW_COUNT;
    IF got < cardinality(ids) THEN
        RETURN QUERY SELECT r.* FROM changeover.read_elsewhere(ids, mine, known) r;
    END IF;
END $$;

-- Claims as claim_unread_v1, and reads what it has claimed.
CREATE OR REPLACE FUNCTION changeover.claim_v1(
    my_instance uuid, at_most integer, of_kinds text[] DEFAULT NULL, limits integer[] DEFAULT NULL
)
RETURNS TABLE (id bigint, kind text, version integer, attempt integer, payload jsonb,
               enqueued_at timestamptz, run_at timestamptz, failures integer, crashes integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mine record;
BEGIN
    -- Read by a statement of its own: what the claim has waited for is not to be seen by its own one.
    FOR mine IN SELECT * FROM changeover.claim_unread_v1(my_instance, at_most, of_kinds, limits) LOOP
        RETURN QUERY
        SELECT r.id, mine.kind, mine.version, r.attempt, r.payload, r.enqueued_at, r.run_at, r.failures,
               r.crashes
          FROM changeover.read_jobs_v1(my_instance, mine.ids, mine.places) r;
    END LOOP;
END $$;

-- Claims jobs of unknown outcome, of kinds that this instance runs, for asking the other side. Counts an
-- attempt, as the fence of who asks. Ended by finish_v1 (it was done), fail_v1 (it was not), or
-- unclaim_v1 (still not known: asked again in 30 s). One that takes its process with it too often waits
-- for a person.
CREATE OR REPLACE FUNCTION changeover.claim_unknown_v1(my_instance uuid, at_most integer)
RETURNS TABLE (id bigint, kind text, version integer, attempt integer, payload jsonb,
               enqueued_at timestamptz, run_at timestamptz, failures integer, crashes integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    mine record;
    seen bigint[];
    found record;
    kept record;
    taken integer := 0;
BEGIN
    IF NOT changeover.may_claim(my_instance, at_most) THEN
        RETURN;
    END IF;
    FOR mine IN
        SELECT c.kind_id, k.kind, k.version, k.max_crashes
          FROM changeover.job_consumer c JOIN changeover.job_kind k ON k.id = c.kind_id
         WHERE c.instance = my_instance AND NOT c.returned
         ORDER BY random()
    LOOP
        seen := ARRAY(SELECT c.number FROM changeover.job_claim c WHERE c.kind_id = mine.kind_id);
        SELECT array_agg(f.id) AS ids, array_agg(f.attempt + 1) AS attempts, array_agg(f.ctid) AS places
          INTO found FROM (
            SELECT o.id, o.attempt, o.ctid FROM changeover.job o
             WHERE o.kind_id = mine.kind_id AND o.shelf = 'unknown' AND o.crashes < mine.max_crashes
               AND o.run_at <= clock_timestamp()
               AND (o.id, o.attempt + 1) NOT IN (
                   SELECT c.id, c.attempt FROM changeover.claimed c WHERE c.kind_id = mine.kind_id)
             ORDER BY o.id LIMIT at_most - taken FOR NO KEY UPDATE SKIP LOCKED) f;
        CONTINUE WHEN found.ids IS NULL;
        SELECT s.ids, s.attempts, s.places INTO kept
          FROM changeover.still_unclaimed(mine.kind_id, seen, found.ids, found.attempts, found.places) s;
        CONTINUE WHEN kept.ids IS NULL;
        INSERT INTO changeover.job_claim (instance, kind_id, is_suspect, ids, attempts)
        VALUES (my_instance, mine.kind_id, false, kept.ids, kept.attempts);
        RETURN QUERY
        SELECT r.id, mine.kind, mine.version, r.attempt, r.payload, r.enqueued_at, r.run_at, r.failures,
               r.crashes
          FROM changeover.read_jobs_v1(my_instance, kept.ids, kept.places) r;
        taken := taken + cardinality(kept.ids);
        EXIT WHEN taken >= at_most;
    END LOOP;
END $$;
