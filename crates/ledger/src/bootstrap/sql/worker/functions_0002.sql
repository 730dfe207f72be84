-- Leases of singleton workers. CO002: the lease is not (or no longer) mine. CO004: no member.

-- Says that this instance could own a worker. `my_owner_from`: once this generation has owned it, none
-- below that may again (0: any); `my_handover_ms`: what a holder needs to end its unit of work.
CREATE OR REPLACE FUNCTION changeover.declare_worker_v1(
    my_instance uuid, my_name text, my_owner_from bigint, my_handover_ms bigint, my_lease_ms bigint
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
    mine record;
BEGIN
    SELECT m.gen, i.head INTO mine
      FROM changeover.member m JOIN changeover.instance i ON i.id = m.instance
     WHERE m.instance = my_instance;
    INSERT INTO changeover.worker (app, name) VALUES (my_app, my_name) ON CONFLICT DO NOTHING;
    INSERT INTO changeover.worker_candidate (app, name, instance, gen, handover_ms, lease_ms)
    VALUES (my_app, my_name, my_instance, mine.gen,
            LEAST(GREATEST(my_handover_ms, 0), 3600000), LEAST(GREATEST(my_lease_ms, 100), 600000))
    ON CONFLICT (app, name, instance) DO UPDATE
        SET gen = excluded.gen, handover_ms = excluded.handover_ms, lease_ms = excluded.lease_ms;
    INSERT INTO changeover.worker_known AS k (app, name, gen, head, owner_from, retired)
    VALUES (my_app, my_name, mine.gen, mine.head, my_owner_from, false)
    ON CONFLICT (app, name, gen) DO UPDATE
        SET owner_from = excluded.owner_from, retired = false, head = GREATEST(k.head, excluded.head)
        WHERE k.owner_from <> excluded.owner_from OR k.retired OR k.head < excluded.head;
END $$;

-- Says that this instance's generation has no such worker any more: when the older ones have gone, it
-- is nobody's, and that is well.
CREATE OR REPLACE FUNCTION changeover.retire_worker_v1(my_instance uuid, my_name text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO changeover.worker_known AS k (app, name, gen, head, owner_from, retired)
    SELECT changeover.member_app(my_instance), my_name, m.gen, i.head, 0, true
      FROM changeover.member m JOIN changeover.instance i ON i.id = m.instance
     WHERE m.instance = my_instance
    ON CONFLICT (app, name, gen) DO UPDATE
        SET retired = true, head = GREATEST(k.head, excluded.head)
        WHERE NOT k.retired OR k.head < excluded.head
$$;

-- Whether an instance holds it. One that has left holds nothing, even before its time ends: the next epoch fences it.
CREATE OR REPLACE FUNCTION changeover.worker_is_held(w changeover.worker) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT w.holder IS NOT NULL AND w.expires_at > clock_timestamp()
           AND EXISTS (SELECT 1 FROM changeover.instance i WHERE i.id = w.holder AND i.left_at IS NULL)
           AND w.timeline = changeover.timeline()
$$;

-- Whether its holder has let the lease run out, although the server was there to renew it.
CREATE OR REPLACE FUNCTION changeover.worker_is_stalled(w changeover.worker) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT w.holder IS NOT NULL AND w.expires_at < clock_timestamp()
           AND EXISTS (SELECT 1 FROM changeover.worker_candidate c
                        WHERE c.app = w.app AND c.name = w.name AND c.instance = w.holder
                          AND pg_postmaster_start_time()
                              < w.expires_at - c.lease_ms * interval '1 millisecond')
$$;

-- Whether, with such an owner, a way back would be left on which nobody could own the worker: the
-- generation that one would go back to (the floor allows it) knows the worker, and must not own it
-- any more. NULL: no.
CREATE OR REPLACE FUNCTION changeover.worker_bars_return(of_app text, of_name text, heir_owner_from bigint)
RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('generation %s may still come back and could not own it: only %s and later may',
                  max(k.gen), heir_owner_from)
      FROM changeover.worker_known k JOIN changeover.app a ON a.app = k.app
     WHERE k.app = of_app AND k.name = of_name AND NOT k.retired
       AND k.head >= a.floor AND k.gen < heir_owner_from
    HAVING count(*) > 0
$$;

-- Who of the ready candidates should own each worker (of that name; NULL: all): those of the highest
-- generation, the holder if it is one of them, else always the same one. After all others: who does not
-- renew, or did not and has not been heard of since (it counts as alive for a while yet), and generations
-- that have died again and again. No heir: nobody may. `refused`: why a
-- generation that is ready is passed over.
CREATE OR REPLACE FUNCTION changeover.worker_heirs(of_app text, of_name text)
RETURNS TABLE (name text, heir uuid, heir_gen bigint, heir_lease_ms bigint, refused text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH ready AS MATERIALIZED (
        SELECT l.instance, i.heartbeat_at
          FROM changeover.live_members(of_app) l JOIN changeover.instance i ON i.id = l.instance
         WHERE l.ready
    ), able AS (
        SELECT w.name, c.instance, c.gen, c.lease_ms, w.holder, w.successor,
               -- The holder's own generation has cut that way already.
               CASE WHEN k.owner_from > 0 AND c.gen IS DISTINCT FROM w.holder_gen
                    THEN changeover.worker_bars_return(w.app, w.name, k.owner_from) END AS bar,
               c.instance IS NOT DISTINCT FROM w.holder AND w.expires_at < clock_timestamp()
                    AND changeover.worker_is_stalled(w)
                    OR coalesce(r.heartbeat_at <= c.stalled_at, false) AS stalled,
               k.avoid_until > clock_timestamp() AS avoided
          FROM changeover.worker w
          JOIN changeover.worker_candidate c ON c.app = w.app AND c.name = w.name
          JOIN ready r ON r.instance = c.instance
          JOIN changeover.worker_known k ON k.app = c.app AND k.name = c.name AND k.gen = c.gen
         WHERE w.app = of_app AND (of_name IS NULL OR w.name = of_name)
           AND c.gen >= w.owner_from AND NOT k.retired
    )
    SELECT DISTINCT ON (a.name) a.name,
           CASE WHEN a.bar IS NULL THEN a.instance END, CASE WHEN a.bar IS NULL THEN a.gen END,
           a.lease_ms, max(a.bar) OVER (PARTITION BY a.name)
      FROM able a
     ORDER BY a.name, a.bar IS NOT NULL, a.stalled, a.avoided, a.gen DESC,
              a.instance IS DISTINCT FROM a.holder, a.instance IS DISTINCT FROM a.successor, a.instance
$$;

-- Each worker's window, and the hand-over to its heir. A holder that should give way is asked first: the
-- window opens for both and the successor is named, in one transaction; when its time is over it is
-- done without it. Whatever excludes a holder also changes the epoch, so that its guards raise.
CREATE OR REPLACE FUNCTION changeover.settle_workers(of_app text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    due text;
BEGIN
    FOR due IN
        SELECT w.name
          FROM changeover.worker w LEFT JOIN changeover.worker_heirs(of_app, NULL) h ON h.name = w.name
         WHERE w.app = of_app
           AND (w.refused IS DISTINCT FROM h.refused
                OR h.heir IS NOT NULL
                   AND CASE WHEN w.holder IS NULL OR w.holder = h.heir
                            THEN w.min_gen <> h.heir_gen OR w.max_gen <> h.heir_gen
                                 OR w.successor IS NOT NULL
                            ELSE w.successor IS DISTINCT FROM h.heir
                                 OR w.handover_by < clock_timestamp()
                                 OR NOT changeover.worker_is_held(w) END)
         ORDER BY w.name
    LOOP
        BEGIN
            PERFORM changeover.settle_worker(of_app, due);
        EXCEPTION WHEN lock_not_available THEN
            -- A transaction that guards early holds the row; the next look comes soon.
            NULL;
        END;
    END LOOP;
END $$;

-- One worker, on its locked row: everything is looked at once more.
CREATE OR REPLACE FUNCTION changeover.settle_worker(of_app text, of_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    w changeover.worker;
    h record;
BEGIN
    SELECT * INTO w FROM changeover.worker v WHERE v.app = of_app AND v.name = of_name
       FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO h FROM changeover.worker_heirs(of_app, of_name);
    IF w.refused IS DISTINCT FROM h.refused THEN
        UPDATE changeover.worker v SET refused = h.refused WHERE v.app = of_app AND v.name = of_name;
        IF h.refused IS NOT NULL THEN
            INSERT INTO changeover.event (app, kind, detail)
            VALUES (of_app, 'worker_handover_refused', of_name || ': ' || h.refused);
        END IF;
    END IF;
    IF h.heir IS NULL THEN
        RETURN;
    END IF;
    IF w.holder IS NULL OR w.holder = h.heir THEN
        -- Nobody's, or already where it should be.
        UPDATE changeover.worker v
           SET min_gen = h.heir_gen, max_gen = h.heir_gen, successor = NULL, handover_by = NULL
         WHERE v.app = of_app AND v.name = of_name
           AND (v.min_gen <> h.heir_gen OR v.max_gen <> h.heir_gen OR v.successor IS NOT NULL);
        IF NOT FOUND THEN
            RETURN;
        END IF;
    ELSIF NOT changeover.worker_is_held(w) THEN
        PERFORM changeover.worker_died(w);
        UPDATE changeover.worker v
           SET epoch = v.epoch + 1, holder = NULL, min_gen = h.heir_gen, max_gen = h.heir_gen,
               successor = NULL, handover_by = NULL
         WHERE v.app = of_app AND v.name = of_name;
    ELSIF w.successor IS DISTINCT FROM h.heir THEN
        -- The time given does not begin anew where the successor changes.
        UPDATE changeover.worker v
           SET min_gen = LEAST(h.heir_gen, w.holder_gen), max_gen = GREATEST(h.heir_gen, w.holder_gen),
               successor = h.heir,
               handover_by = coalesce(w.handover_by, clock_timestamp() + interval '1 millisecond' * (
                   SELECT coalesce(max(c.handover_ms), 0) FROM changeover.worker_candidate c
                    WHERE c.app = of_app AND c.name = of_name AND c.instance = w.holder))
         WHERE v.app = of_app AND v.name = of_name;
    ELSIF w.handover_by < clock_timestamp() THEN
        UPDATE changeover.worker v
           SET epoch = v.epoch + 1, holder = h.heir, holder_gen = h.heir_gen,
               min_gen = h.heir_gen, max_gen = h.heir_gen, successor = NULL, handover_by = NULL,
               timeline = changeover.timeline(), acquired_at = clock_timestamp(),
               expires_at = clock_timestamp() + h.heir_lease_ms * interval '1 millisecond'
         WHERE v.app = of_app AND v.name = of_name;
        INSERT INTO changeover.event (app, kind, detail)
        VALUES (of_app, 'worker_taken', format('%s: not handed over in time by %s', of_name, w.holder));
    ELSE
        RETURN;
    END IF;
    PERFORM pg_notify('changeover_worker', of_app);
END $$;

-- Remembers that a holder has let its lease run out. From the second time within ten minutes on, other
-- generations that are ready are preferred for 10 s, 20 s, … up to 5 min.
CREATE OR REPLACE FUNCTION changeover.worker_died(w changeover.worker) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT changeover.worker_is_stalled(w) THEN
        RETURN;
    END IF;
    UPDATE changeover.worker_candidate c SET stalled_at = clock_timestamp()
     WHERE c.app = w.app AND c.name = w.name AND c.instance = w.holder;
    UPDATE changeover.worker_known k
       SET deaths = n.deaths, died_at = clock_timestamp(),
           avoid_until = CASE WHEN n.deaths < 2 THEN '-infinity'
               ELSE clock_timestamp()
                    + LEAST(300, 10 * 2 ^ LEAST(n.deaths - 2, 10)) * interval '1 second' END
      FROM (SELECT CASE WHEN o.died_at > clock_timestamp() - interval '10 minutes'
                        THEN o.deaths + 1 ELSE 1 END AS deaths
              FROM changeover.worker_known o
             WHERE o.app = w.app AND o.name = w.name AND o.gen = w.holder_gen) AS n
     WHERE k.app = w.app AND k.name = w.name AND k.gen = w.holder_gen;
    INSERT INTO changeover.event (app, kind, detail)
    VALUES (w.app, 'worker_taken', format('%s: the lease of %s ran out', w.name, w.holder));
END $$;

-- Whether a member may take a worker now: ready, in the window, and it is nobody's or is kept for me.
CREATE OR REPLACE FUNCTION changeover.worker_is_open(w changeover.worker, my_instance uuid) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (w.holder = my_instance OR NOT changeover.worker_is_held(w))
           AND (w.successor IS NULL OR w.successor = my_instance
                OR NOT changeover.is_live(w.successor))
           AND EXISTS (
               SELECT 1 FROM changeover.worker_candidate c
                 JOIN changeover.instance i ON i.id = c.instance
                 JOIN changeover.worker_known k ON k.app = c.app AND k.name = c.name AND k.gen = c.gen
                WHERE c.app = w.app AND c.name = w.name AND c.instance = my_instance
                  AND i.state = 'serving' AND i.left_at IS NULL AND NOT k.retired
                  AND i.heartbeat_at > clock_timestamp() - i.ttl_ms * interval '1 millisecond'
                  AND c.gen BETWEEN w.min_gen AND w.max_gen AND c.gen >= w.owner_from)
$$;

-- What a member wants to know of the workers that it has declared, in one look. `asked_epoch`: it is
-- mine under this epoch, and somebody waits for it.
CREATE OR REPLACE FUNCTION changeover.worker_news_v1(my_instance uuid)
RETURNS TABLE (name text, may_acquire boolean, asked_epoch bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
BEGIN
    RETURN QUERY
    SELECT w.name, changeover.worker_is_open(w, my_instance),
           CASE WHEN w.holder = my_instance AND w.successor <> my_instance THEN w.epoch END
      FROM changeover.worker_candidate c
      JOIN changeover.worker w ON w.app = c.app AND w.name = c.name
     WHERE c.instance = my_instance AND c.app = my_app;
END $$;

-- Grants the worker to me, if it is free, in my window, and nobody else's to take. No row: it is not.
CREATE OR REPLACE FUNCTION changeover.acquire_v1(my_instance uuid, my_name text, my_lease_ms bigint)
RETURNS TABLE (epoch bigint, timeline bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
    w changeover.worker;
BEGIN
    -- Looked at first without a lock: who polls by this must not make the holder's guards wait.
    SELECT * INTO w FROM changeover.worker v WHERE v.app = my_app AND v.name = my_name;
    IF NOT FOUND OR NOT changeover.worker_is_open(w, my_instance) THEN
        RETURN;
    END IF;
    SELECT * INTO w FROM changeover.worker v WHERE v.app = my_app AND v.name = my_name FOR UPDATE;
    IF NOT FOUND OR NOT changeover.worker_is_open(w, my_instance) THEN
        RETURN;
    END IF;
    IF w.holder <> my_instance THEN
        PERFORM changeover.worker_died(w);
    END IF;
    RETURN QUERY
    UPDATE changeover.worker v
       SET epoch = v.epoch + 1, holder = my_instance, holder_gen = k.gen,
           owner_from = GREATEST(v.owner_from, k.owner_from),
           timeline = changeover.timeline(), acquired_at = clock_timestamp(),
           expires_at = clock_timestamp()
               + LEAST(GREATEST(my_lease_ms, 100), 600000) * interval '1 millisecond',
           successor = NULL, handover_by = NULL
      FROM changeover.worker_candidate c
      JOIN changeover.worker_known k ON k.app = c.app AND k.name = c.name AND k.gen = c.gen
     WHERE v.app = my_app AND v.name = my_name
       AND c.app = v.app AND c.name = v.name AND c.instance = my_instance
    RETURNING v.epoch, v.timeline;
END $$;

-- Prolongs my lease; says whether I am asked to hand over. No row: it is not mine any more. Waits less
-- than any lease for a lock: one worker's row must not hold up the renewals of the others.
CREATE OR REPLACE FUNCTION changeover.renew_v1(
    my_instance uuid, my_name text, my_epoch bigint, my_lease_ms bigint
) RETURNS TABLE (successor uuid, handover_by timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
BEGIN
    RETURN QUERY
    UPDATE changeover.worker w
       SET expires_at = clock_timestamp()
               + LEAST(GREATEST(my_lease_ms, 100), 600000) * interval '1 millisecond'
     WHERE w.app = my_app AND w.name = my_name AND w.epoch = my_epoch
       AND w.holder = my_instance AND w.holder_gen BETWEEN w.min_gen AND w.max_gen
       AND w.timeline = changeover.timeline()
    RETURNING w.successor, w.handover_by;
END $$;

-- The fence: raises unless it can lock exactly my epoch. Last in the transaction, sent together with the
-- COMMIT; both results are to be awaited.
CREATE OR REPLACE FUNCTION changeover.guard_v1(my_app text, my_name text, my_epoch bigint, my_instance uuid)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM changeover.require_service(my_app);
    PERFORM 1 FROM changeover.worker
     WHERE app = my_app AND name = my_name AND epoch = my_epoch AND holder = my_instance
       AND timeline = changeover.timeline()
       FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'worker % of application % is not held by % under epoch %',
            my_name, my_app, my_instance, my_epoch
            USING ERRCODE = 'CO002', HINT = 'another process has taken it over';
    END IF;
END $$;

-- Hands the worker over under the next number, to who should own it as things stand now, and not to who
-- was named and has gone since; to nobody where nobody else is ready, so that whoever looks next may
-- take it. Returns the successor. CO002: it was not mine any more.
CREATE OR REPLACE FUNCTION changeover.transfer_v1(my_instance uuid, my_name text, my_epoch bigint) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
    w changeover.worker;
    h record;
    next_holder uuid;
BEGIN
    SELECT * INTO w FROM changeover.worker v
     WHERE v.app = my_app AND v.name = my_name AND v.epoch = my_epoch AND v.holder = my_instance
       AND v.timeline = changeover.timeline()
       FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'worker % of application % is not held by % under epoch %',
            my_name, my_app, my_instance, my_epoch
            USING ERRCODE = 'CO002', HINT = 'another process has taken it over';
    END IF;
    SELECT * INTO h FROM changeover.worker_heirs(my_app, my_name);
    IF h.heir <> my_instance THEN
        next_holder := h.heir;
    END IF;
    UPDATE changeover.worker v
       SET epoch = v.epoch + 1, holder = next_holder, released_at = clock_timestamp(),
           holder_gen = CASE WHEN next_holder IS NULL THEN v.holder_gen ELSE h.heir_gen END,
           min_gen = coalesce(h.heir_gen, v.min_gen), max_gen = coalesce(h.heir_gen, v.max_gen),
           acquired_at = CASE WHEN next_holder IS NULL THEN v.acquired_at ELSE clock_timestamp() END,
           expires_at = CASE WHEN next_holder IS NULL THEN clock_timestamp()
                        ELSE clock_timestamp() + h.heir_lease_ms * interval '1 millisecond' END,
           successor = NULL, handover_by = NULL
     WHERE v.app = my_app AND v.name = my_name;
    PERFORM pg_notify('changeover_worker', my_app);
    RETURN next_holder;
END $$;

-- Which workers would have no owner among releases that know migration `from_head`: what must be empty
-- before the floor rises to it. A worker counts if the latest release below has it. None is missed where
-- a release from there on says that it does without it, or where nobody takes part at all: whoever comes
-- will bring them.
CREATE OR REPLACE FUNCTION changeover.unowned_workers_v1(of_app text, from_head bigint) RETURNS SETOF text
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.name
      FROM (SELECT DISTINCT ON (o.name) o.name, o.retired FROM changeover.worker_known o
             WHERE o.app = of_app AND o.head < from_head ORDER BY o.name, o.gen DESC) AS k
     WHERE NOT k.retired
       AND EXISTS (SELECT 1 FROM changeover.live_members(of_app))
       AND NOT EXISTS (SELECT 1 FROM changeover.worker_known r
                        WHERE r.app = of_app AND r.name = k.name AND r.head >= from_head AND r.retired)
       AND NOT EXISTS (SELECT 1 FROM changeover.worker w
                         JOIN changeover.worker_candidate c ON c.app = w.app AND c.name = w.name
                         JOIN changeover.live_members(of_app) l ON l.instance = c.instance AND l.ready
                         JOIN changeover.instance i ON i.id = c.instance
                        WHERE w.app = of_app AND w.name = k.name AND i.head >= from_head
                          AND c.gen >= w.owner_from)
     ORDER BY k.name
$$;
