-- The queue: claiming. CO004: no member.

-- Whether this instance may claim; to be asked first in the transaction of a claim. Not while it is not
-- serving, or was not heard of: an orphan's claims would be returned again and again, each time as a
-- crash. No member: raises, since it would wait for ever.
CREATE FUNCTION changeover.may_claim(my_instance uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
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
CREATE FUNCTION changeover.still_unclaimed(
    of_kind integer, seen bigint[], INOUT ids bigint[], INOUT attempts integer[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM changeover.job_claim c
                WHERE c.kind_id = of_kind AND c.number <> ALL (seen)) THEN
        SELECT array_agg(f.id ORDER BY f.place), array_agg(f.attempt ORDER BY f.place)
          INTO ids, attempts
          FROM unnest(ids, attempts) WITH ORDINALITY AS f (id, attempt, place)
         WHERE (f.id, f.attempt) NOT IN (
               SELECT c.id, c.attempt FROM changeover.claimed c WHERE c.kind_id = of_kind);
    END IF;
END $$;

-- How urgent the first job of a kind is that anybody can claim; NULL: none.
CREATE FUNCTION changeover.first_priority(of_kind integer) RETURNS smallint
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
-- which holds within this transaction, since they are locked: looking 500 up by their ids takes longer than
-- all the rest.
--
-- Looks on from where the kind's last claim ended, for up to 100 ms: what lies before is finished or under
-- way, and walking over it again costs more than claiming does. Whatever is enqueued or returned there
-- meanwhile waits for the next look from the start, which also comes where the rest does not suffice.
-- Claims that end before need not be compared with; that was most of what a claim cost.
CREATE FUNCTION changeover.claim_of_kind(
    my_instance uuid, of_kind integer, at_most integer, OUT ids bigint[], OUT places tid[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    seen bigint[];
    found record;
    kept record;
    attempts integer[];
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
               array_agg(f.ctid) AS places, array_agg(f.priority) AS priorities
          INTO found FROM (
            SELECT o.id, o.attempt, o.priority, o.ctid FROM changeover.job o
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
            SELECT s.ids, s.attempts INTO kept
              FROM changeover.still_unclaimed(of_kind, seen, found.ids, found.attempts) s;
            ids := ids || kept.ids;
            attempts := attempts || kept.attempts;
            places := places || found.places;
            -- A look from the start may end before where the first one did, and none of them may lie beyond.
            SELECT f.priority, f.id INTO last
              FROM (VALUES (last.priority, last.id),
                           (found.priorities[cardinality(found.ids)], found.ids[cardinality(found.ids)]))
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

-- Claims the most urgent suspect of a kind, and returns where its row lies; NULL: there is none.
CREATE FUNCTION changeover.claim_suspect(my_instance uuid, of_kind integer) RETURNS tid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    seen bigint[] := ARRAY(SELECT c.number FROM changeover.job_claim c WHERE c.kind_id = of_kind);
    head record;
    kept record;
BEGIN
    SELECT ARRAY[o.id] AS ids, ARRAY[o.attempt + 1] AS attempts, o.ctid AS place INTO head
      FROM changeover.job o
     WHERE o.kind_id = of_kind AND o.shelf = 'open' AND o.crashes > 0
       AND (o.id, o.attempt + 1) NOT IN (
           SELECT c.id, c.attempt FROM changeover.claimed c WHERE c.kind_id = of_kind)
     ORDER BY o.priority, o.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
    IF head.place IS NOT NULL THEN
        SELECT s.ids, s.attempts INTO kept
          FROM changeover.still_unclaimed(of_kind, seen, head.ids, head.attempts) s;
        IF cardinality(kept.ids) > 0 THEN
            INSERT INTO changeover.job_claim (instance, kind_id, is_suspect, ids, attempts)
            VALUES (my_instance, of_kind, true, kept.ids, kept.attempts);
            RETURN head.place;
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- Claims up to `at_most` jobs that this instance has declared to run: of each kind the most urgent ones,
-- the kind with the most urgent one first; of a kind that is in `of_kinds` at most as many as `limits`
-- says, of others none (both NULL: any). Counts an attempt. The claim need not be durable: a job whose
-- claim is lost in a crash of the server is claimed again, and its finish refused.
-- Of jobs that a process has died with, an instance has one at a time: see job.crashes.
-- The planner's choice is taken away here and in what this calls: statistics of a queue are always out of
-- date, and its index gives the rows in the order in which they are needed.
CREATE FUNCTION changeover.claim_v1(
    my_instance uuid, at_most integer, of_kinds text[] DEFAULT NULL, limits integer[] DEFAULT NULL
)
RETURNS TABLE (id bigint, kind text, version integer, attempt integer, payload jsonb,
               enqueued_at timestamptz, run_at timestamptz, failures integer, crashes integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    mine record;
    kept record;
    left_of jsonb := (SELECT jsonb_object_agg(l.kind, l.n) FROM unnest(of_kinds, limits) AS l (kind, n));
    taken integer := 0;
    want integer;
    got integer;
    suspect tid;
BEGIN
    IF NOT changeover.may_claim(my_instance) THEN
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
        SELECT w.ids, w.places INTO kept
          FROM changeover.claim_of_kind(my_instance, mine.kind_id, want) w;
        RETURN QUERY
        SELECT j.id, mine.kind, mine.version, j.attempt + 1, j.payload, j.enqueued_at, j.run_at, j.failures,
               j.crashes
          FROM changeover.job j
         -- One that somebody else was quicker with is in `places` and not in `ids`.
         WHERE j.ctid = ANY (kept.places)
           AND (cardinality(kept.ids) = cardinality(kept.places) OR j.id = ANY (kept.ids))
         ORDER BY j.priority, j.id;
        GET DIAGNOSTICS got = ROW_COUNT;
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
           AND (of_kinds IS NULL OR (left_of ->> k.kind)::integer > 0)
         ORDER BY h.priority, h.id
    LOOP
        suspect := changeover.claim_suspect(my_instance, mine.kind_id);
        RETURN QUERY
        SELECT j.id, mine.kind, mine.version, j.attempt + 1, j.payload, j.enqueued_at, j.run_at, j.failures,
               j.crashes
          FROM changeover.job j WHERE j.ctid = suspect;
        EXIT WHEN FOUND;
    END LOOP;
END $$;

-- Claims jobs of unknown outcome, of kinds that this instance runs, for asking the other side. Counts an
-- attempt, as the fence of who asks. Ended by finish_v1 (it was done), fail_v1 (it was not), or
-- unclaim_v1 (still not known: asked again in 30 s). One that takes its process with it too often waits
-- for a person.
CREATE FUNCTION changeover.claim_unknown_v1(my_instance uuid, at_most integer)
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
    IF NOT changeover.may_claim(my_instance) THEN
        RETURN;
    END IF;
    FOR mine IN
        SELECT c.kind_id, k.kind, k.version, k.max_crashes
          FROM changeover.job_consumer c JOIN changeover.job_kind k ON k.id = c.kind_id
         WHERE c.instance = my_instance AND NOT c.returned
         ORDER BY random()
    LOOP
        seen := ARRAY(SELECT c.number FROM changeover.job_claim c WHERE c.kind_id = mine.kind_id);
        SELECT array_agg(f.id) AS ids, array_agg(f.attempt + 1) AS attempts INTO found FROM (
            SELECT o.id, o.attempt FROM changeover.job o
             WHERE o.kind_id = mine.kind_id AND o.shelf = 'unknown' AND o.crashes < mine.max_crashes
               AND o.run_at <= clock_timestamp()
               AND (o.id, o.attempt + 1) NOT IN (
                   SELECT c.id, c.attempt FROM changeover.claimed c WHERE c.kind_id = mine.kind_id)
             ORDER BY o.id LIMIT at_most - taken FOR NO KEY UPDATE SKIP LOCKED) f;
        CONTINUE WHEN found.ids IS NULL;
        SELECT s.ids, s.attempts INTO kept
          FROM changeover.still_unclaimed(mine.kind_id, seen, found.ids, found.attempts) s;
        CONTINUE WHEN kept.ids IS NULL;
        INSERT INTO changeover.job_claim (instance, kind_id, is_suspect, ids, attempts)
        VALUES (my_instance, mine.kind_id, false, kept.ids, kept.attempts);
        RETURN QUERY
        SELECT j.id, mine.kind, mine.version, m.attempt, j.payload, j.enqueued_at, j.run_at, j.failures,
               j.crashes
          FROM unnest(kept.ids, kept.attempts) AS m (id, attempt) JOIN changeover.job j ON j.id = m.id;
        taken := taken + cardinality(kept.ids);
        EXIT WHEN taken >= at_most;
    END LOOP;
END $$;
