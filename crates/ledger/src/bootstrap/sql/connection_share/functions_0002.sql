-- Shares of a server's connections.

-- What is left for an application where nobody says a number: what the server, its reserves, the
-- database and the login allow, less `reserve` for everybody else.
CREATE OR REPLACE FUNCTION changeover.connections_allowed(reserve integer) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT GREATEST(1, LEAST(
        current_setting('max_connections')::integer
            - current_setting('superuser_reserved_connections')::integer
            - coalesce(current_setting('reserved_connections', true)::integer, 0),
        (SELECT NULLIF(d.datconnlimit, -1) FROM pg_database d WHERE d.datname = current_database()),
        (SELECT NULLIF(r.rolconnlimit, -1) FROM pg_roles r WHERE r.rolname = session_user)) - reserve)
$$;

-- What an instance may have open (`granted`), and what it should come to (`target`): lower where others
-- have joined. `my_limit` is the most that it keeps to from now on, whatever it was granted before; the
-- difference is free for others at once. So the sum of what is granted never is above the budget, and
-- nobody has more open than granted.
--
-- The target is each one's fair part: who wants less gets that, the others the same. An eighth of the
-- budget is kept for who joins next, at least twelve or what the engine itself has open of one instance and
-- six, at most half: what it has open, and half of what is then left of it, is granted at once.
-- CO004: not registered.
CREATE OR REPLACE FUNCTION changeover.share_v1(
    my_instance uuid, my_wanted integer, my_limit integer, my_held integer, my_budget integer,
    my_reserve integer, my_own integer, OUT granted integer, OUT target integer, OUT budget integer
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    my_app text;
    had integer;
    others integer;
    kept integer;
    own_part integer;
    open_part integer;
    waiting integer;
    one record;
    fair integer;
BEGIN
    SELECT i.app INTO my_app FROM changeover.instance i
     WHERE i.id = my_instance AND i.left_at IS NULL AND i.login = session_user;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'instance % is not registered', my_instance USING ERRCODE = 'CO004';
    END IF;
    INSERT INTO changeover.connection_budget (app) VALUES (my_app) ON CONFLICT DO NOTHING;
    PERFORM 1 FROM changeover.connection_budget b WHERE b.app = my_app FOR NO KEY UPDATE;
    DELETE FROM changeover.connection_share s
     WHERE s.app = my_app AND NOT changeover.is_live(s.instance) AND s.instance <> my_instance;
    SELECT s.granted INTO had FROM changeover.connection_share s WHERE s.instance = my_instance;
    -- Who comes anew, or back after it was given up: what it has open, it has.
    granted := LEAST(coalesce(had, my_held), GREATEST(my_limit, 0));
    my_budget := coalesce(my_budget, changeover.connections_allowed(my_reserve));
    INSERT INTO changeover.connection_share (instance, app, wanted, granted, held, own, budget)
    VALUES (my_instance, my_app, my_wanted, granted, my_held, my_own, my_budget)
    ON CONFLICT (instance) DO UPDATE
        SET wanted = excluded.wanted, granted = excluded.granted, held = excluded.held,
            own = excluded.own, budget = excluded.budget, asked_at = clock_timestamp();

    SELECT min(s.budget), max(s.own), count(*),
           coalesce(sum(s.granted) FILTER (WHERE s.instance <> my_instance), 0)
      INTO budget, own_part, waiting, others
      FROM changeover.connection_share s WHERE s.app = my_app;
    -- Nothing is kept from those who are there while they have not four each beside the engine's own.
    kept := GREATEST(0, LEAST(GREATEST(budget / 8, 12, own_part + 6), budget / 2,
                              budget - waiting * (own_part + 4)));
    open_part := budget - kept;
    target := 0;
    FOR one IN
        SELECT s.instance, s.wanted FROM changeover.connection_share s
         WHERE s.app = my_app ORDER BY s.wanted, s.instance
    LOOP
        fair := LEAST(one.wanted, open_part / waiting);
        open_part := open_part - fair;
        waiting := waiting - 1;
        IF one.instance = my_instance THEN
            target := fair;
        END IF;
    END LOOP;
    IF granted < target THEN
        granted := LEAST(target, GREATEST(
            granted, budget - kept - others,
            CASE WHEN had IS NULL THEN granted + (budget - others - granted + 1) / 2 ELSE 0 END));
        UPDATE changeover.connection_share s SET granted = share_v1.granted
         WHERE s.instance = my_instance;
    END IF;
END $$;
