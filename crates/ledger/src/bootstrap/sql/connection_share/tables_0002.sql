-- How many connections each instance may have: part of the ledger's format 2.

-- The row that shares are given out under, one an application.
CREATE TABLE changeover.connection_budget (
    app text PRIMARY KEY
);

CREATE TABLE changeover.connection_share (
    instance uuid PRIMARY KEY,
    app      text NOT NULL,
    wanted   integer NOT NULL,
    -- What it may have open at most. Lowered only once the instance has said that it keeps to less.
    granted  integer NOT NULL,
    -- What it had open when it asked last; for people.
    held     integer NOT NULL,
    -- The engine's own among these: whoever joins next needs at least as many at once.
    own      integer NOT NULL,
    -- What all instances together may have, as this one was told. The lowest counts.
    budget   integer NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
CREATE INDEX connection_share_app ON changeover.connection_share (app);
