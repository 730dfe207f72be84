-- What operators call, by the program or by themselves, to pause what runs, slow it down, stop or cancel it.
-- The owner's by default; an operator's role is granted them by name. Each keeps in `event` who, what and why.
--
-- SQLSTATE CO003: no such application. CO008: no such step. 22023: an hour, a time zone or a share that makes no
-- sense.

-- Who asks: the login, and the person that the program names in front of it. Shown, never trusted.
CREATE OR REPLACE FUNCTION changeover.operator() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(
        nullif(substring(current_setting('application_name') FROM '^changeover-operator/(.+?)(?:/status)?$'), ''),
        session_user::text)
$$;

-- The application's row of wishes, made where it is missing; and the event. Called by the functions below alone.
CREATE OR REPLACE FUNCTION changeover.note_wish(of_app text, of_kind text, of_step text, what text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM 1 FROM changeover.app WHERE app = of_app;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'application % is not in the ledger', of_app USING ERRCODE = 'CO003';
    END IF;
    IF of_step IS NOT NULL AND NOT EXISTS (
        SELECT FROM changeover.step s WHERE s.app = of_app AND s.id = of_step
    ) THEN
        RAISE EXCEPTION 'application % has no step %', of_app, of_step
            USING ERRCODE = 'CO008', HINT = 'steps are in changeover.step once their migrations are planned';
    END IF;
    INSERT INTO changeover.control (app) VALUES (of_app) ON CONFLICT DO NOTHING;
    INSERT INTO changeover.event (app, kind, step, detail)
    VALUES (of_app, of_kind, of_step, concat('by ', changeover.operator(), ': ', what));
END $$;

-- Nothing more begins, and what runs in batches waits between two of them, until somebody resumes.
CREATE OR REPLACE FUNCTION changeover.pause_v1(of_app text, reason text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM changeover.note_wish(of_app, 'paused', NULL, coalesce(reason, 'no reason given'));
    UPDATE changeover.control
       SET paused_at = clock_timestamp(), paused_by = changeover.operator(), pause_reason = reason
     WHERE app = of_app;
END $$;

-- Goes on: takes back a pause and what was cancelled.
CREATE OR REPLACE FUNCTION changeover.resume_v1(of_app text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM changeover.note_wish(of_app, 'resumed', NULL, 'goes on');
    UPDATE changeover.control
       SET paused_at = NULL, paused_by = NULL, pause_reason = NULL,
           cancel_step = NULL, cancel_at = NULL, cancel_by = NULL, cancel_reason = NULL
     WHERE app = of_app;
END $$;

-- How fast, and when; all of it at once, NULL is the default. `hours` is written `22-5`: builds and validations
-- begin from 22:00 on and before 5:00.
CREATE OR REPLACE FUNCTION changeover.set_pace_v1(
    of_app text, max_share double precision DEFAULT NULL, min_share double precision DEFAULT NULL,
    probe_factor double precision DEFAULT NULL, hours text DEFAULT NULL, time_zone text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parts text[] := regexp_match(hours, '^ *([01]?[0-9]|2[0-3]) *- *([01]?[0-9]|2[0-3]) *$');
BEGIN
    IF hours IS NOT NULL AND (parts IS NULL OR parts[1]::smallint = parts[2]::smallint) THEN
        RAISE EXCEPTION 'hours are two different full hours, such as 22-5, and not %', hours
            USING ERRCODE = '22023';
    END IF;
    IF max_share <= 0 OR max_share > 1 OR min_share < 0 OR min_share > 1 OR min_share > max_share
       OR probe_factor < 1 OR 'NaN' IN (max_share, min_share, probe_factor) THEN
        RAISE EXCEPTION 'shares are between 0 and 1 and the least is not above the most; a factor is at least 1'
            USING ERRCODE = '22023';
    END IF;
    -- Raises 22023 where there is no such zone.
    PERFORM clock_timestamp() AT TIME ZONE coalesce(time_zone, 'UTC');
    PERFORM changeover.note_wish(of_app, 'pace_set', NULL, concat_ws(', ',
        'at most ' || max_share, 'at least ' || min_share, 'probe factor ' || probe_factor,
        'hours ' || hours || ' ' || coalesce(time_zone, 'UTC'),
        CASE WHEN num_nulls(max_share, min_share, probe_factor, hours) = 4 THEN 'as by default' END));
    UPDATE changeover.control c
       SET max_share = set_pace_v1.max_share, min_share = set_pace_v1.min_share,
           probe_factor = set_pace_v1.probe_factor, hours_from = parts[1]::smallint,
           hours_to = parts[2]::smallint, time_zone = coalesce(set_pace_v1.time_zone, 'UTC'),
           pace_set_at = clock_timestamp(), pace_set_by = changeover.operator()
     WHERE c.app = of_app;
END $$;

-- Nothing begins once this step is done; NULL takes that back.
CREATE OR REPLACE FUNCTION changeover.stop_after_v1(of_app text, of_step text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM changeover.note_wish(of_app, CASE WHEN of_step IS NULL THEN 'stop_taken_back' ELSE 'stop_set' END,
        of_step, coalesce('stops after ' || of_step, 'stops nowhere'));
    UPDATE changeover.control
       SET stop_after = of_step,
           stop_set_at = CASE WHEN of_step IS NOT NULL THEN clock_timestamp() END,
           stop_set_by = CASE WHEN of_step IS NOT NULL THEN changeover.operator() END
     WHERE app = of_app;
END $$;

-- Cancels what a step runs and keeps it from running until somebody resumes; the others go on. Returns the
-- step's state; one that is `done` is left as it is.
CREATE OR REPLACE FUNCTION changeover.cancel_step_v1(of_app text, of_step text, reason text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_state text;
BEGIN
    SELECT s.state INTO found_state FROM changeover.step s WHERE s.app = of_app AND s.id = of_step;
    IF found_state = 'done' THEN
        RETURN found_state;
    END IF;
    PERFORM changeover.note_wish(of_app, 'step_cancelled', coalesce(of_step, ''),
        coalesce(reason, 'no reason given'));
    UPDATE changeover.control
       SET cancel_step = of_step, cancel_at = clock_timestamp(), cancel_by = changeover.operator(),
           cancel_reason = reason
     WHERE app = of_app;
    RETURN found_state;
END $$;
