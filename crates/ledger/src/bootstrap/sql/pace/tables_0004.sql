-- How fast what runs long goes, and what says so.

-- What the running step does; written by its holder, for people.
CREATE TABLE changeover.pace (
    app        text PRIMARY KEY REFERENCES changeover.app,
    epoch      bigint NOT NULL,
    step       text NOT NULL,
    -- The share of the time that is worked, and how long a batch takes.
    share      double precision NOT NULL,
    batch_ms   double precision NOT NULL,
    -- The input that holds it back: its name, what it says, what it said at the beginning. NULL: none.
    limited_by text,
    observed   text,
    -- Since when it is held back, or not.
    since      timestamptz NOT NULL,
    -- How much was done one to two minutes ago, and at most a minute ago: the rate of the last minutes.
    before_at   timestamptz,
    before_done bigint,
    mark_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    mark_done   bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- What a commit costs is measured by writing this row.
CREATE TABLE changeover.probe (
    app    text PRIMARY KEY REFERENCES changeover.app,
    number bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);

-- What services say of themselves. Lost in a crash, as it is worth nothing then.
CREATE UNLOGGED TABLE changeover.latency_report (
    app         text NOT NULL,
    source      text NOT NULL,
    p95_ms      double precision NOT NULL CHECK (p95_ms >= 0),
    reported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (app, source)
) WITH (fillfactor = 50);
