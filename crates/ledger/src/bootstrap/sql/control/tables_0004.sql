-- What operators want of everything that runs: written by the functions beside this, read by the holder of the
-- term several times a second.

-- One row an application; none: nothing is wanted.
CREATE TABLE changeover.control (
    app           text PRIMARY KEY REFERENCES changeover.app,
    -- Paused since; NULL: not paused.
    paused_at     timestamptz,
    paused_by     text,
    pause_reason  text,
    -- The share of the time that may be worked at most and must be worked at least; NULL: the default.
    max_share     double precision CHECK (max_share > 0 AND max_share <= 1),
    min_share     double precision CHECK (min_share >= 0 AND min_share <= 1),
    -- By which factor of its base the probe may grow; NULL: the default.
    probe_factor  double precision CHECK (probe_factor >= 1),
    -- The hours in which builds and validations may begin, on the clock of `time_zone`; from 22 to 5 goes over
    -- midnight. NULL: any.
    hours_from    smallint CHECK (hours_from BETWEEN 0 AND 23),
    hours_to      smallint CHECK (hours_to BETWEEN 0 AND 23),
    time_zone     text NOT NULL DEFAULT 'UTC',
    pace_set_at   timestamptz,
    pace_set_by   text,
    -- The step after which nothing more begins.
    stop_after    text,
    stop_set_at   timestamptz,
    stop_set_by   text,
    -- The step that does not run, and whose running statement is cancelled, until somebody resumes.
    cancel_step   text,
    cancel_at     timestamptz,
    cancel_by     text,
    cancel_reason text,
    CHECK ((hours_from IS NULL) = (hours_to IS NULL)),
    CHECK (hours_from <> hours_to),
    CHECK (min_share <= max_share)
);
