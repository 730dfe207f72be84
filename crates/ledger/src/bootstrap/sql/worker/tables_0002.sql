-- Singleton workers: leases with a number that only grows, and a window of generations.

-- UNIQUE (app, name, epoch) is what makes the FOR KEY SHARE of a guard conflict with the next grant.
CREATE TABLE changeover.worker (
    app         text NOT NULL,
    name        text NOT NULL,
    epoch       bigint NOT NULL DEFAULT 0,
    holder      uuid,
    holder_gen  bigint,
    -- Which generations may own it: the window, not a race, says which release does. Empty at first.
    min_gen     bigint NOT NULL DEFAULT 1,
    max_gen     bigint NOT NULL DEFAULT 0,
    -- Generations below may never own it again: one above has, and said that they cannot.
    owner_from  bigint NOT NULL DEFAULT 0,
    -- To whom the holder is asked to hand over, and when that is done without it.
    successor   uuid,
    handover_by timestamptz,
    expires_at  timestamptz NOT NULL DEFAULT '-infinity',
    acquired_at timestamptz,
    released_at timestamptz,
    timeline    bigint NOT NULL DEFAULT 0,
    -- Why it is not handed over to a newer generation, where that is so.
    refused     text,
    PRIMARY KEY (app, name),
    CONSTRAINT worker_epoch UNIQUE (app, name, epoch)
) WITH (fillfactor = 50);

-- Which instance could own which worker.
CREATE TABLE changeover.worker_candidate (
    app         text NOT NULL,
    name        text NOT NULL,
    instance    uuid NOT NULL,
    gen         bigint NOT NULL,
    -- What the holder has for ending its unit of work when it is asked to hand over.
    handover_ms bigint NOT NULL,
    lease_ms    bigint NOT NULL,
    -- When a lease of it had run out.
    stalled_at  timestamptz,
    PRIMARY KEY (app, name, instance)
);
CREATE INDEX worker_candidate_instance ON changeover.worker_candidate (instance);

-- What each generation has said of a worker; stays when its instances are gone, so that going back to
-- it can be thought through before the way back is cut.
CREATE TABLE changeover.worker_known (
    app        text NOT NULL,
    name       text NOT NULL,
    gen        bigint NOT NULL,
    -- The head of its migrations: what the floor is about.
    head       bigint NOT NULL,
    owner_from bigint NOT NULL,
    retired    boolean NOT NULL,
    -- How often in a row one of it has let its lease run out, and until when others are preferred for
    -- that: a release that starts, is given the worker, and dies would have it taken back and forth.
    deaths      integer NOT NULL DEFAULT 0,
    died_at     timestamptz,
    avoid_until timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (app, name, gen)
);
