-- Leases of singleton workers. CO002: the lease is not (or no longer) mine. CO004: no member.

-- Says that this instance could own a worker. `my_owner_from`: once this generation has owned it, none
-- below that may again (0: any); `my_handover_ms`: what a holder needs to end its unit of work.
CREATE FUNCTION changeover.declare_worker_v1(
    my_instance uuid, my_name text, my_owner_from bigint, my_handover_ms bigint, my_lease_ms bigint
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
    my_gen bigint;
BEGIN
    SELECT m.gen INTO my_gen FROM changeover.member m WHERE m.instance = my_instance;
    INSERT INTO changeover.worker (app, name) VALUES (my_app, my_name) ON CONFLICT DO NOTHING;
    INSERT INTO changeover.worker_candidate (app, name, instance, gen, handover_ms, lease_ms)
    VALUES (my_app, my_name, my_instance, my_gen,
            LEAST(GREATEST(my_handover_ms, 0), 3600000), LEAST(GREATEST(my_lease_ms, 100), 600000))
    ON CONFLICT (app, name, instance) DO UPDATE
        SET gen = excluded.gen, handover_ms = excluded.handover_ms, lease_ms = excluded.lease_ms;
    INSERT INTO changeover.worker_known (app, name, gen, owner_from, retired)
    VALUES (my_app, my_name, my_gen, my_owner_from, false)
    ON CONFLICT (app, name, gen) DO UPDATE SET owner_from = excluded.owner_from, retired = false;
END $$;

-- Says that this instance's generation has no such worker any more: when the older ones have gone, it
-- is nobody's, and that is well.
CREATE FUNCTION changeover.retire_worker_v1(my_instance uuid, my_name text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO changeover.worker_known (app, name, gen, owner_from, retired)
    SELECT changeover.member_app(my_instance), my_name, m.gen, 0, true
      FROM changeover.member m WHERE m.instance = my_instance
    ON CONFLICT (app, name, gen) DO UPDATE SET retired = true
$$;

-- Who of the ready candidates should own a worker: those of the highest generation, the holder if it is
-- one of them, else always the same one.
CREATE FUNCTION changeover.worker_heir(
    w changeover.worker, OUT heir uuid, OUT heir_gen bigint, OUT heir_owner_from bigint,
    OUT heir_lease_ms bigint
)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.instance, c.gen, k.owner_from, c.lease_ms
      FROM changeover.worker_candidate c
      JOIN changeover.live_members(w.app) l ON l.instance = c.instance AND l.ready
      JOIN changeover.worker_known k ON k.app = c.app AND k.name = c.name AND k.gen = c.gen
     WHERE c.app = w.app AND c.name = w.name AND c.gen >= w.owner_from AND NOT k.retired
     ORDER BY c.gen DESC, c.instance IS DISTINCT FROM w.holder, c.instance IS DISTINCT FROM w.successor,
              c.instance
     LIMIT 1
$$;

-- Whether, with this heir, a way back would be left on which nobody could own the worker: the generation
-- that one would go back to (the floor allows it) knows the worker, and the heir forbids it to own it.
CREATE FUNCTION changeover.worker_bars_return(of_app text, of_name text, heir_owner_from bigint)
RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('generation %s may still come back and could not own it: only %s and later may',
                  max(k.gen), heir_owner_from)
      FROM changeover.worker_known k JOIN changeover.app a ON a.app = k.app
     WHERE k.app = of_app AND k.name = of_name AND NOT k.retired
       AND k.gen >= a.floor AND k.gen < heir_owner_from
    HAVING count(*) > 0
$$;

-- Each worker's window, and the hand-over to its heir. A holder that should give way is asked first: the
-- window opens for both and the successor is named, in one transaction; when its time is over it is
-- done without it. Whatever excludes a holder also changes the epoch, so that its guards raise.
CREATE FUNCTION changeover.settle_workers(of_app text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    due text;
BEGIN
    FOR due IN
        SELECT w.name FROM changeover.worker w CROSS JOIN LATERAL changeover.worker_heir(w) h
         WHERE w.app = of_app AND h.heir IS NOT NULL
           AND (w.min_gen, w.max_gen) IS DISTINCT FROM (h.heir_gen, h.heir_gen)
            OR w.app = of_app AND h.heir IS DISTINCT FROM w.holder AND h.heir IS NOT NULL
               AND (w.successor IS DISTINCT FROM h.heir OR w.handover_by < clock_timestamp())
               AND w.holder IS NOT NULL
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

CREATE FUNCTION changeover.settle_worker(of_app text, of_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    w changeover.worker;
    h record;
    holds boolean;
    bar text;
BEGIN
    SELECT * INTO w FROM changeover.worker v WHERE v.app = of_app AND v.name = of_name
       FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO h FROM changeover.worker_heir(w);
    IF h.heir IS NULL THEN
        RETURN;
    END IF;
    holds := w.holder IS NOT NULL AND w.expires_at > clock_timestamp()
             AND w.timeline = changeover.timeline();
    bar := changeover.worker_bars_return(of_app, of_name, h.heir_owner_from);
    IF bar IS NOT NULL AND h.heir_gen IS DISTINCT FROM w.holder_gen THEN
        UPDATE changeover.worker v SET refused = bar
         WHERE v.app = of_app AND v.name = of_name AND v.refused IS DISTINCT FROM bar;
        IF FOUND THEN
            INSERT INTO changeover.event (app, kind, detail)
            VALUES (of_app, 'worker_handover_refused', of_name || ': ' || bar);
        END IF;
        RETURN;
    END IF;
    IF NOT holds OR h.heir = w.holder THEN
        -- Nobody's, or already where it should be. A holder of another generation whose lease has run
        -- out is excluded, so its epoch ends here.
        UPDATE changeover.worker v
           SET min_gen = h.heir_gen, max_gen = h.heir_gen, refused = NULL,
               successor = NULL, handover_by = NULL,
               owner_from = GREATEST(v.owner_from, h.heir_owner_from),
               epoch = v.epoch + CASE WHEN h.heir = w.holder OR w.holder IS NULL THEN 0 ELSE 1 END,
               holder = CASE WHEN h.heir = w.holder THEN w.holder END
         WHERE v.app = of_app AND v.name = of_name;
        PERFORM pg_notify('changeover_worker', of_app);
    ELSIF w.successor IS NOT DISTINCT FROM h.heir AND w.handover_by < clock_timestamp() THEN
        UPDATE changeover.worker v
           SET epoch = v.epoch + 1, holder = h.heir, holder_gen = h.heir_gen,
               min_gen = h.heir_gen, max_gen = h.heir_gen, successor = NULL, handover_by = NULL,
               owner_from = GREATEST(v.owner_from, h.heir_owner_from), refused = NULL,
               timeline = changeover.timeline(), acquired_at = clock_timestamp(),
               expires_at = clock_timestamp() + h.heir_lease_ms * interval '1 millisecond'
         WHERE v.app = of_app AND v.name = of_name;
        INSERT INTO changeover.event (app, kind, detail)
        VALUES (of_app, 'worker_taken', format('%s: not handed over in time by %s', of_name, w.holder));
        PERFORM pg_notify('changeover_worker', of_app);
    ELSIF w.successor IS DISTINCT FROM h.heir THEN
        UPDATE changeover.worker v
           SET min_gen = LEAST(h.heir_gen, w.holder_gen), max_gen = GREATEST(h.heir_gen, w.holder_gen),
               successor = h.heir, refused = NULL,
               handover_by = coalesce(w.handover_by, clock_timestamp() + interval '1 millisecond' * (
                   SELECT coalesce(max(c.handover_ms), 0) FROM changeover.worker_candidate c
                    WHERE c.app = of_app AND c.name = of_name AND c.instance = w.holder))
         WHERE v.app = of_app AND v.name = of_name;
        PERFORM pg_notify('changeover_worker', of_app);
    END IF;
END $$;

-- Grants the worker to me, if it is free, in my window, and nobody else's to take. No row: it is not.
CREATE FUNCTION changeover.acquire_v1(my_instance uuid, my_name text, my_lease_ms bigint)
RETURNS TABLE (epoch bigint, timeline bigint)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
    UPDATE changeover.worker w
       SET epoch = w.epoch + 1, holder = my_instance, holder_gen = c.gen,
           timeline = changeover.timeline(), acquired_at = clock_timestamp(),
           expires_at = clock_timestamp()
               + LEAST(GREATEST(my_lease_ms, 100), 600000) * interval '1 millisecond',
           successor = NULL, handover_by = NULL
      FROM changeover.worker_candidate c
      JOIN changeover.instance i ON i.id = c.instance
     WHERE w.app = changeover.member_app(my_instance) AND w.name = my_name
       AND c.app = w.app AND c.name = w.name AND c.instance = my_instance
       AND i.state = 'serving'
       AND i.heartbeat_at > clock_timestamp() - i.ttl_ms * interval '1 millisecond'
       AND c.gen BETWEEN w.min_gen AND w.max_gen
       AND (w.holder IS NULL OR w.holder = my_instance OR w.expires_at < clock_timestamp()
            OR w.timeline <> changeover.timeline())
       AND (w.successor IS NULL OR w.successor = my_instance OR NOT changeover.is_live(w.successor))
    RETURNING w.epoch, w.timeline
$$;

-- Prolongs my lease; says whether I am asked to hand over. No row: it is not mine any more.
CREATE FUNCTION changeover.renew_v1(
    my_instance uuid, my_name text, my_epoch bigint, my_lease_ms bigint
) RETURNS TABLE (successor uuid, handover_by timestamptz)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
    UPDATE changeover.worker w
       SET expires_at = clock_timestamp()
               + LEAST(GREATEST(my_lease_ms, 100), 600000) * interval '1 millisecond'
     WHERE w.app = changeover.member_app(my_instance) AND w.name = my_name AND w.epoch = my_epoch
       AND w.holder = my_instance AND w.holder_gen BETWEEN w.min_gen AND w.max_gen
       AND w.timeline = changeover.timeline()
    RETURNING w.successor, w.handover_by
$$;

-- The fence: raises unless it can lock exactly my epoch. Last in the transaction, sent together with the
-- COMMIT; both results are to be awaited.
CREATE FUNCTION changeover.guard_v1(my_app text, my_name text, my_epoch bigint, my_instance uuid)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
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

-- Hands the worker over to the named successor under the next number, in one statement; to nobody where
-- none is named or it is gone, so that whoever looks next may take it. Returns the successor.
-- CO002: it was not mine any more.
CREATE FUNCTION changeover.transfer_v1(my_instance uuid, my_name text, my_epoch bigint) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
    heir record;
BEGIN
    -- Locked first: who the successor is, may change while we wait for it.
    SELECT c.instance, c.gen, c.lease_ms, k.owner_from INTO heir
      FROM (SELECT v.successor FROM changeover.worker v
             WHERE v.app = my_app AND v.name = my_name FOR NO KEY UPDATE) AS w
      JOIN changeover.worker_candidate c
        ON c.app = my_app AND c.name = my_name AND c.instance = w.successor
      JOIN changeover.worker_known k ON k.app = c.app AND k.name = c.name AND k.gen = c.gen
     WHERE changeover.is_live(c.instance);
    UPDATE changeover.worker w
       SET epoch = w.epoch + 1, holder = heir.instance,
           holder_gen = coalesce(heir.gen, w.holder_gen),
           min_gen = coalesce(heir.gen, w.min_gen), max_gen = coalesce(heir.gen, w.max_gen),
           owner_from = GREATEST(w.owner_from, coalesce(heir.owner_from, 0)),
           expires_at = CASE WHEN heir.instance IS NULL THEN clock_timestamp()
                             ELSE clock_timestamp() + heir.lease_ms * interval '1 millisecond' END,
           successor = NULL, handover_by = NULL, released_at = clock_timestamp()
     WHERE w.app = my_app AND w.name = my_name AND w.epoch = my_epoch AND w.holder = my_instance;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'worker % of application % is not held by % under epoch %',
            my_name, my_app, my_instance, my_epoch
            USING ERRCODE = 'CO002', HINT = 'another process has taken it over';
    END IF;
    PERFORM pg_notify('changeover_worker', my_app);
    RETURN heir.instance;
END $$;

-- Which workers would have no owner among generations from `from_gen` on: what must be empty before a
-- floor rises to it. Those that a generation from there on has retired need none.
CREATE FUNCTION changeover.unowned_workers_v1(of_app text, from_gen bigint) RETURNS SETOF text
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT k.name FROM changeover.worker_known k
     WHERE k.app = of_app AND k.gen < from_gen AND NOT k.retired
       AND EXISTS (SELECT 1 FROM changeover.worker_candidate c
                     JOIN changeover.live_members(of_app) l ON l.instance = c.instance
                    WHERE c.app = of_app AND c.name = k.name)
       AND NOT EXISTS (SELECT 1 FROM changeover.worker_known r
                        WHERE r.app = of_app AND r.name = k.name AND r.gen >= from_gen AND r.retired)
       AND NOT EXISTS (SELECT 1 FROM changeover.worker_candidate c
                         JOIN changeover.live_members(of_app) l ON l.instance = c.instance AND l.ready
                        WHERE c.app = of_app AND c.name = k.name AND c.gen >= from_gen)
     ORDER BY k.name
$$;
