-- Who lives, and the switch from one generation to the next. Functions that others call end in the
-- version of their contract: a later one gets a new suffix, and this one stays.

-- The members that live, as the database's clock has it; ready ones may be given work.
CREATE OR REPLACE FUNCTION changeover.live_members(of_app text)
RETURNS TABLE (instance uuid, gen bigint, ready boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.instance, m.gen, i.state = 'serving'
      FROM changeover.member m JOIN changeover.instance i ON i.id = m.instance
     WHERE m.app = of_app AND i.left_at IS NULL
       AND i.heartbeat_at > clock_timestamp() - i.ttl_ms * interval '1 millisecond'
$$;

CREATE OR REPLACE FUNCTION changeover.is_live(my_instance uuid) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT 1 FROM changeover.instance i
         WHERE i.id = my_instance AND i.left_at IS NULL
           AND i.heartbeat_at > clock_timestamp() - i.ttl_ms * interval '1 millisecond')
$$;

-- Says that a registered instance takes part in background work. Called before any other declaration.
-- CO004: it is not registered by this login. Returns its application.
CREATE OR REPLACE FUNCTION changeover.join_v1(my_instance uuid, my_gen bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    my_app text;
BEGIN
    SELECT i.app INTO my_app FROM changeover.instance i
     WHERE i.id = my_instance AND i.left_at IS NULL AND i.login = session_user;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'instance % is not registered by %', my_instance, session_user
            USING ERRCODE = 'CO004', HINT = 'register with the login that joins; an agent does so';
    END IF;
    INSERT INTO changeover.member (instance, app, gen) VALUES (my_instance, my_app, my_gen)
    ON CONFLICT (instance) DO UPDATE SET gen = excluded.gen;
    RETURN my_app;
END $$;

-- The application of a member; raises where it is none, or another login's.
CREATE OR REPLACE FUNCTION changeover.member_app(my_instance uuid) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    my_app text;
BEGIN
    SELECT m.app INTO my_app
      FROM changeover.member m JOIN changeover.instance i ON i.id = m.instance
     WHERE m.instance = my_instance AND i.left_at IS NULL AND i.login = session_user;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'instance % of % takes no part in background work', my_instance, session_user
            USING ERRCODE = 'CO004', HINT = 'register, then join_v1, all with one login';
    END IF;
    RETURN my_app;
END $$;

-- Brings switch and owners to what they should be: called by every member at every poll, when it
-- becomes ready, and when it drains. Cheap where there is nothing to do. Every decision is made on
-- rows that are locked here, so that any number of callers come to one result.
CREATE OR REPLACE FUNCTION changeover.settle_v1(of_app text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
BEGIN
    PERFORM changeover.require_service(of_app);
    PERFORM changeover.settle_generation(of_app);
    PERFORM changeover.settle_workers(of_app);
END $$;

-- The highest generation with a ready member. Nobody ready: it stays, since nobody could do the work.
CREATE OR REPLACE FUNCTION changeover.settle_generation(of_app text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was bigint;
    target bigint;
BEGIN
    SELECT max(l.gen) INTO target FROM changeover.live_members(of_app) l WHERE l.ready;
    SELECT g.gen INTO was FROM changeover.generation g WHERE g.app = of_app;
    IF target IS NULL OR target IS NOT DISTINCT FROM was THEN
        RETURN;
    END IF;
    INSERT INTO changeover.generation (app, gen) VALUES (of_app, target) ON CONFLICT DO NOTHING;
    SELECT g.gen INTO was FROM changeover.generation g WHERE g.app = of_app FOR NO KEY UPDATE;
    -- Once more, by what stands now that the row is ours: who was first may have seen more.
    SELECT max(l.gen) INTO target FROM changeover.live_members(of_app) l WHERE l.ready;
    IF target IS NULL THEN
        RETURN;
    END IF;
    UPDATE changeover.generation g SET gen = target, was_gen = g.gen, switched_at = clock_timestamp()
     WHERE g.app = of_app AND g.gen <> target;
    PERFORM changeover.park_jobs(of_app, target);
    IF was <> target THEN
        INSERT INTO changeover.event (app, kind, detail)
        VALUES (of_app, 'generation_switched', format('from %s to %s', was, target));
        PERFORM pg_notify('changeover_worker', of_app);
    END IF;
END $$;
