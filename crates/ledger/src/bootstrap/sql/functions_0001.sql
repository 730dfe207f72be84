-- What services and triggers call. Each runs as the ledger's owner with a pinned search_path, so a
-- service's role needs EXECUTE on these and nothing else in the ledger.
--
-- SQLSTATE CO001: the head is below the floor. CO002: the term is not (or no longer) mine.
-- CO003: no such application. CO004: the instance is not registered (any more). CO005: the session does
-- not say whose it is.

-- The timeline that this server writes; it changes when a standby is promoted. 0 where the server has
-- no such thing to show (a managed service with storage of its own kind): found out once, here, since
-- catching that error opens a subtransaction, and every guard asks. Nothing is SET, so that callers' plans
-- contain it and do not call it.
DO $install$
BEGIN
    PERFORM pg_walfile_name(pg_current_wal_lsn());
    CREATE OR REPLACE FUNCTION changeover.timeline() RETURNS bigint LANGUAGE sql VOLATILE AS $$
        SELECT pg_catalog.concat(
            'x', pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8)
        )::bit(32)::bigint
    $$;
EXCEPTION WHEN feature_not_supported OR undefined_function THEN
    CREATE OR REPLACE FUNCTION changeover.timeline() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT 0::bigint';
END $install$;

-- The fence. Raises unless it can lock exactly my epoch; the lock lasts until the transaction ends,
-- so the next grant waits for it, and a guard after the next grant rereads and raises.
-- model: Fence, FenceLocksTerm, FenceComparesHolder
CREATE OR REPLACE FUNCTION changeover.guard(guarded_app text, my_epoch bigint, my_holder uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM 1 FROM changeover.term
     WHERE app = guarded_app AND epoch = my_epoch AND holder = my_holder
       AND timeline = changeover.timeline()
       FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'term % of application % is not held by %', my_epoch, guarded_app, my_holder
            USING ERRCODE = 'CO002', HINT = 'another process has taken over the migration';
    END IF;
END $$;

-- Whether the session's login may act for an application: it is one of the application's service roles,
-- or a member of one, or of the ledger's owner. An application whose roles nobody has declared yet (only
-- an engine of format 2 has been there) is open to whoever was granted the function.
CREATE OR REPLACE FUNCTION changeover.is_service(of_app text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_has_role(session_user, current_user, 'MEMBER')
        OR NOT EXISTS (SELECT 1 FROM changeover.service_role s WHERE s.app = of_app)
        OR EXISTS (SELECT 1 FROM changeover.service_role s JOIN pg_roles r ON r.rolname = s.role
                    WHERE s.app = of_app AND pg_has_role(session_user, r.oid, 'MEMBER'))
$$;

-- Raises unless the session's login may act for an application. Who may call the functions of one
-- application could otherwise register as another one and block its floor, or hold its locks.
CREATE OR REPLACE FUNCTION changeover.require_service(of_app text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT changeover.is_service(of_app) THEN
        RAISE EXCEPTION 'role % is no service role of application %', session_user, of_app
            USING ERRCODE = '42501',
                  HINT = 'whoever migrates declares it: service_roles in changeover.toml, '
                      || '--service-role, or Options::service_roles';
    END IF;
END $$;

-- Registers an instance, or raises where its head is below the floor. FOR SHARE conflicts with
-- raising the floor; whoever raises it counts instances in a statement after its UPDATE.
-- model: CheckRegistration, CommitRegistration, FloorReadLocked
CREATE OR REPLACE FUNCTION changeover.register(
    my_id uuid, my_app text, my_release text, my_head bigint, my_ttl_ms bigint, my_host text,
    my_pid integer
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    current_floor bigint;
BEGIN
    SELECT floor INTO current_floor FROM changeover.app WHERE app = my_app FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'application % is not in the ledger', my_app USING ERRCODE = 'CO003';
    END IF;
    PERFORM changeover.require_service(my_app);
    IF my_head < current_floor THEN
        RAISE EXCEPTION 'release % knows migrations up to %, but the floor of application % is %',
            my_release, my_head, my_app, current_floor
            USING ERRCODE = 'CO001', DETAIL = json_build_object('floor', current_floor)::text;
    END IF;
    INSERT INTO changeover.instance (id, app, release, head, state, ttl_ms, host, pid)
    VALUES (my_id, my_app, my_release, my_head, 'starting',
            LEAST(GREATEST(my_ttl_ms, 1000), 3600000), my_host, my_pid)
    ON CONFLICT (id) DO UPDATE
        SET heartbeat_at = clock_timestamp(), left_at = NULL,
            state = CASE instance.state WHEN 'left' THEN 'starting' ELSE instance.state END
        WHERE instance.login = session_user;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'instance % was registered by another login than %', my_id, session_user
            USING ERRCODE = '42501',
                  HINT = 'a process that changes its login registers anew, under an id of its own';
    END IF;
    RETURN current_floor;
END $$;

-- An instance that is registered and not below the floor, or raises. FOR SHARE as in `register`: one who
-- counted as dead must not come back over a rising floor. Called by the two functions below alone.
CREATE OR REPLACE FUNCTION changeover.living(
    my_id uuid, my_login name, OUT app text, OUT head bigint, OUT floor bigint
)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT i.app, i.head, a.floor INTO app, head, floor
      FROM changeover.instance i JOIN changeover.app a ON a.app = i.app
     WHERE i.id = my_id AND i.left_at IS NULL AND (my_login IS NULL OR i.login = my_login)
       FOR SHARE OF a;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'instance % is not registered', my_id USING ERRCODE = 'CO004';
    END IF;
    IF head < floor THEN
        RAISE EXCEPTION 'instance % has head %, below the floor %', my_id, head, floor
            USING ERRCODE = 'CO001', DETAIL = json_build_object('floor', floor)::text;
    END IF;
END $$;

-- Says that an instance lives, and in which state; returns the floor it must not be below.
-- model: Beat, CommitBeat
CREATE OR REPLACE FUNCTION changeover.heartbeat(my_id uuid, my_state text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mine record := changeover.living(my_id, session_user);
BEGIN
    UPDATE changeover.instance
       SET heartbeat_at = clock_timestamp(), state = my_state,
           serving_at = CASE WHEN my_state = 'serving' THEN coalesce(serving_at, clock_timestamp())
                             ELSE serving_at END
     WHERE id = my_id AND left_at IS NULL;
    RETURN mine.floor;
END $$;

-- Called by every new connection of a service before its first work: says to which instance it belongs,
-- and raises where that may not write any more. FOR SHARE as in `register`: whoever raises the floor
-- either waits for this, and then finds the session by its name, or is waited for, and this raises.
-- model: LoginsClosed
CREATE OR REPLACE FUNCTION changeover.admit(my_id uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mine record := changeover.living(my_id, NULL);
BEGIN
    PERFORM changeover.require_service(mine.app);
    IF NOT starts_with(current_setting('application_name'),
                       format('changeover@%s/%s/', mine.head, mine.app)) THEN
        RAISE EXCEPTION 'the session''s application_name does not begin with changeover@%/%/',
            mine.head, mine.app
            USING ERRCODE = 'CO005', HINT = 'set it when connecting: by it the database knows who writes';
    END IF;
    RETURN mine.floor;
END $$;

-- model: Leave
CREATE OR REPLACE FUNCTION changeover.leave(my_id uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE changeover.instance SET state = 'left', left_at = clock_timestamp()
     WHERE id = my_id AND left_at IS NULL AND login = session_user
$$;

-- Whether a step is done: what a new release asks before it reads a column that is being filled.
-- A step that never was (its migration ran at once on a fresh database, or was adopted) is done when
-- its migration is in the ledger with nothing open; its id begins with the migration's number.
CREATE OR REPLACE FUNCTION changeover.is_done(of_app text, of_step text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(
        (SELECT s.state = 'done' FROM changeover.step s WHERE s.app = of_app AND s.id = of_step),
        (SELECT NOT EXISTS (SELECT 1 FROM changeover.step o
                             WHERE o.app = m.app AND o.migration = m.number AND o.state <> 'done')
           FROM changeover.migration m
          WHERE m.app = of_app AND m.number::text = ltrim(split_part(of_step, '.', 1), '0')),
        false)
$$;

-- Where the application stands, as far as an instance of a given head needs to know.
CREATE OR REPLACE FUNCTION changeover.standing(of_app text, own_head bigint,
    OUT head bigint, OUT floor bigint, OUT open_before_serving bigint, OUT failed text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.head, a.floor,
           (SELECT count(*) FROM changeover.step s
             WHERE s.app = of_app AND s.state <> 'done' AND s.before_serving
               AND s.migration <= own_head),
           (SELECT min(s.id || ': ' || s.error) FROM changeover.step s
             WHERE s.app = of_app AND s.state = 'failed' AND s.before_serving
               AND s.migration <= own_head)
      FROM changeover.app a WHERE a.app = of_app
$$;

-- Called by sync triggers when an expression raises.
CREATE OR REPLACE FUNCTION changeover.park_row(
    of_app text, of_step text, of_relation regclass, of_key jsonb, what text
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO changeover.parked_row (app, step, relation, key, error)
    VALUES (of_app, of_step, of_relation::text, of_key, what)
    ON CONFLICT (app, step, relation, key) DO UPDATE
        SET error = excluded.error, parked_at = clock_timestamp()
$$;
