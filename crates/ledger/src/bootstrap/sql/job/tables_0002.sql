-- The durable queue, its periodic enqueuer, and who can run what.

-- A kind of job in one version of its payload.
CREATE TABLE changeover.job_kind (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    app          text NOT NULL,
    kind         text NOT NULL,
    version      integer NOT NULL,
    -- The lowest generation that has registered it: it may be enqueued from the switch to that one on.
    since_gen    bigint NOT NULL,
    -- Whose limits these are: where releases differ, those of the highest generation count.
    limits_gen   bigint NOT NULL,
    max_attempts integer NOT NULL,
    -- How often a job may take its process with it before it counts as poison.
    max_crashes  integer NOT NULL,
    -- An effect outside the database that must not happen twice: see mark_v1.
    at_most_once boolean NOT NULL,
    UNIQUE (app, kind, version)
);

-- What an instance can run. Whoever claims locks its rows here FOR SHARE, whoever returns the jobs of a
-- dead instance changes them first: so no claim is committed after the look for what it has claimed.
CREATE TABLE changeover.job_consumer (
    instance uuid NOT NULL,
    kind_id  integer NOT NULL REFERENCES changeover.job_kind,
    -- It counted as dead, and what it had claimed was returned; it claims again after its next
    -- tend_jobs_v1.
    returned boolean NOT NULL DEFAULT false,
    PRIMARY KEY (instance, kind_id)
);

-- Waiting and running jobs, and those that wait for a person. A claim does not write them: see job_claim.
-- No foreign key to job_kind: kinds are never deleted, rows come only through enqueue_v1 and tick_v1, and
-- the check would make every enqueuing transaction lock the same row.
CREATE TABLE changeover.job (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind_id     integer NOT NULL,
    -- open: to be run now, or running. later: at run_at. dead: given up. unknown: called outside, outcome
    -- not known. Running and parked are no shelves: see the view `jobs`.
    shelf       text NOT NULL DEFAULT 'open'
                CHECK (shelf IN ('open', 'later', 'dead', 'unknown')),
    -- Smaller is more urgent.
    priority    smallint NOT NULL DEFAULT 0,
    -- Counts the claims that have ended without finishing it, and only grows. A claim is for the next
    -- number, and holds exactly while that is the next one: whoever ends it raises this, so this is the
    -- fence of whoever finishes.
    attempt     integer NOT NULL DEFAULT 0,
    failures    integer NOT NULL DEFAULT 0,
    -- How often its process died while it had claimed this. After the first it is a suspect: claimed
    -- alone, so that the next death says which one it was.
    crashes     integer NOT NULL DEFAULT 0,
    called_at   timestamptz,
    run_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    unique_key  text,
    error       text,
    payload     jsonb NOT NULL
) WITH (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
    -- Else a vacuum of a long queue leaves the index alone, and claims read past emptied pages at its head.
    vacuum_index_cleanup = on);
CREATE INDEX job_next ON changeover.job (kind_id, shelf, priority, id);
CREATE INDEX job_suspect ON changeover.job (kind_id, priority, id) WHERE shelf = 'open' AND crashes > 0;
CREATE INDEX job_later ON changeover.job (run_at) WHERE shelf = 'later';
CREATE UNIQUE INDEX job_unique ON changeover.job (unique_key)
    WHERE unique_key IS NOT NULL AND shelf IN ('open', 'later', 'unknown');

-- What an instance has claimed in one go, of one kind: one row for all of it, never changed, since
-- what is written for each job is most of what a queue costs. Ids and attempts go in pairs. Deleted by the
-- finish of just these jobs, else at the claimant's next poll once nothing in it holds any more (see
-- job.attempt). Plain: 500 pairs fit a page, and packing them costs more than it saves.
CREATE TABLE changeover.job_claim (
    instance   uuid NOT NULL,
    number     bigint GENERATED ALWAYS AS IDENTITY,
    kind_id    integer NOT NULL,
    -- A suspect, alone: an instance has one of them at a time.
    is_suspect boolean NOT NULL,
    ids        bigint[] NOT NULL,
    attempts   integer[] NOT NULL,
    -- The last of them in the order of claiming: where the next claim of this kind begins to look. When a
    -- claim last looked from the start is carried along, so that no urgent job is overlooked for long; a
    -- claim without these ends nowhere, and is followed by one from the start.
    last_priority smallint NOT NULL DEFAULT 32767,
    last_id       bigint NOT NULL DEFAULT 9223372036854775807,
    from_start_at timestamptz NOT NULL DEFAULT '-infinity',
    claimed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (instance, number)
) WITH (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX job_claim_kind ON changeover.job_claim (kind_id, number);

-- One row a claimed job. It holds where `attempt` is one more than the job's.
CREATE VIEW changeover.claimed AS
SELECT c.instance, c.number, c.kind_id, c.last_priority, c.last_id, u.id, u.attempt
  FROM changeover.job_claim c CROSS JOIN LATERAL unnest(c.ids, c.attempts) AS u (id, attempt);

-- What is enqueued by the clock. Computed by the members of the current generation.
CREATE TABLE changeover.schedule (
    app        text NOT NULL,
    name       text NOT NULL,
    cron       text NOT NULL,
    time_zone  text NOT NULL,
    catch_up   text NOT NULL CHECK (catch_up IN ('latest', 'all', 'none')),
    gen        bigint NOT NULL,
    -- Up to which scheduled time everything was enqueued, or passed over.
    done_until timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (app, name)
);

-- One row a scheduled time that was enqueued: the second to enqueue it finds it there.
CREATE TABLE changeover.tick (
    app          text NOT NULL,
    name         text NOT NULL,
    scheduled_at timestamptz NOT NULL,
    job          bigint NOT NULL,
    enqueued_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (app, name, scheduled_at)
);

-- For people: each job with its state in one word. Parked: only a generation above the current one has
-- said that it can run it.
CREATE VIEW changeover.jobs AS
SELECT j.id, k.app, k.kind, k.version,
       CASE WHEN c.instance IS NOT NULL THEN 'running'
            WHEN j.shelf IN ('open', 'later') AND k.since_gen > g.gen THEN 'parked'
            WHEN j.shelf = 'open' THEN 'waiting' ELSE j.shelf END AS state,
       j.priority, coalesce(c.attempt, j.attempt) AS attempt, j.failures, k.max_attempts, j.crashes,
       c.instance AS claimant, j.called_at, j.run_at,
       j.enqueued_at, j.error, j.payload
  FROM changeover.job j
  JOIN changeover.job_kind k ON k.id = j.kind_id
  LEFT JOIN changeover.claimed c ON c.id = j.id AND c.attempt = j.attempt + 1
  LEFT JOIN changeover.generation g ON g.app = k.app;
