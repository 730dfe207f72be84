-- Which release does the background work, and who could: part of the ledger's format 2.
-- No foreign key to a table of format 1: making one takes a lock there that heartbeats wait for.

-- A registered instance's part in background work. Its generation says which release it is: the head of
-- its migrations unless the service gives another number (releases may differ without a migration).
CREATE TABLE changeover.member (
    instance    uuid PRIMARY KEY,
    app         text NOT NULL,
    gen         bigint NOT NULL,
    declared_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The generation that owns singletons, ticks schedules, and up to which payload versions may be enqueued:
-- the highest that has a ready member. One row an application; its change is *the switch*.
CREATE TABLE changeover.generation (
    app         text PRIMARY KEY,
    gen         bigint NOT NULL,
    -- The one before the last switch; NULL: there was none.
    was_gen     bigint,
    switched_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
