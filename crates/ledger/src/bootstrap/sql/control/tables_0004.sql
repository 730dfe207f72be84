-- What operators want of everything that runs long.

-- One row an application; none: nothing is wanted. Read by every running step between two batches.
CREATE TABLE changeover.control (
    app          text PRIMARY KEY REFERENCES changeover.app,
    paused       boolean NOT NULL DEFAULT false,
    -- The share of the time that may be worked at most and must be worked at least; NULL: the default.
    max_share    double precision CHECK (max_share > 0 AND max_share <= 1),
    min_share    double precision CHECK (min_share >= 0 AND min_share <= 1),
    -- By which factor of its base the probe may grow; NULL: the default.
    probe_factor double precision CHECK (probe_factor >= 1),
    -- The hours in which builds and validations may begin, on the clock of `time_zone`; 22 to 5 goes over midnight.
    hours_from   smallint CHECK (hours_from BETWEEN 0 AND 23),
    hours_to     smallint CHECK (hours_to BETWEEN 0 AND 23),
    time_zone    text NOT NULL DEFAULT 'UTC',
    -- The step after which to stop, and the one whose running statement is to be cancelled.
    stop_after   text,
    cancel_step  text,
    reason       text,
    set_by       text NOT NULL DEFAULT session_user,
    set_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((hours_from IS NULL) = (hours_to IS NULL))
);
