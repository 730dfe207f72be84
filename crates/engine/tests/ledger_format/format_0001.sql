-- The ledger, format 1. Run once, by the role that owns and migrates the database.
-- Rules for later formats: tables and columns are only added, functions get a new suffix; older
-- engines read what newer ones wrote as long as their format >= min_reader.

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'changeover') THEN
        CREATE SCHEMA changeover;
    END IF;
END $$;
COMMENT ON SCHEMA changeover IS 'Ledger of Changeover: what is migrated, running, by whom.';

CREATE TABLE changeover.format (
    singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    written    integer NOT NULL,
    min_reader integer NOT NULL
);
INSERT INTO changeover.format (written, min_reader) VALUES (1, 1);

-- One row an application; `app` is a key everywhere, since several may share a database.
CREATE TABLE changeover.app (
    app             text PRIMARY KEY CHECK (app <> '' AND length(app) <= 63),
    head            bigint,
    floor           bigint NOT NULL DEFAULT 0,
    floor_raised_at timestamptz
);

-- The term: a lease with a number that only grows. UNIQUE (app, epoch) is what makes a FOR KEY SHARE
-- of the guard conflict with the next grant; without it the fence has a hole.
CREATE TABLE changeover.term (
    app           text PRIMARY KEY REFERENCES changeover.app,
    epoch         bigint NOT NULL,
    holder        uuid,
    release       text,
    expires_at    timestamptz NOT NULL,
    acquired_at   timestamptz,
    -- The timeline on which it was granted: after a failover the last grants may be missing here, so
    -- a term of another timeline is nobody's.
    timeline      bigint NOT NULL DEFAULT 0,
    CONSTRAINT term_app_epoch UNIQUE (app, epoch)
) WITH (fillfactor = 50);

-- On which backends a holder works. Entered under the guard, so none of an old epoch is entered after
-- the next grant; whoever is granted the term ends those of lower epochs before it does anything.
CREATE TABLE changeover.term_backend (
    app           text NOT NULL REFERENCES changeover.app,
    epoch         bigint NOT NULL,
    pid           integer NOT NULL,
    backend_start timestamptz NOT NULL,
    PRIMARY KEY (app, epoch, pid, backend_start)
);

-- Who waits for the term, and was there a moment ago: a holder that leaves hands over to one of them.
CREATE TABLE changeover.term_waiter (
    app     text NOT NULL REFERENCES changeover.app,
    holder  uuid NOT NULL,
    head    bigint NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (app, holder)
) WITH (fillfactor = 50);

CREATE TABLE changeover.plan (
    app          text NOT NULL REFERENCES changeover.app,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    head         bigint NOT NULL,
    from_head    bigint,
    -- The lowest head that was serving when this upgrade began: how far the floor may rise by itself.
    serving_from bigint,
    epoch        bigint NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    plan         jsonb NOT NULL,
    PRIMARY KEY (app, id)
);

CREATE TABLE changeover.migration (
    app         text NOT NULL REFERENCES changeover.app,
    number      bigint NOT NULL,
    name        text NOT NULL,
    file        text NOT NULL,
    checksum    text NOT NULL,
    plan_id     bigint,
    adopted     boolean NOT NULL DEFAULT false,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (app, number),
    FOREIGN KEY (app, plan_id) REFERENCES changeover.plan (app, id)
);

CREATE TABLE changeover.step (
    app            text NOT NULL,
    id             text NOT NULL,
    plan_id        bigint NOT NULL,
    position       integer NOT NULL,
    migration      bigint NOT NULL,
    phase          text NOT NULL CHECK (phase IN ('expand', 'online', 'contract')),
    before_serving boolean NOT NULL,
    floor          bigint,
    needs          text[] NOT NULL,
    kind           text NOT NULL,
    title          text NOT NULL,
    step           jsonb NOT NULL,
    state          text NOT NULL DEFAULT 'pending'
                   CHECK (state IN ('pending', 'running', 'done', 'failed')),
    attempts       integer NOT NULL DEFAULT 0,
    started_at     timestamptz,
    finished_at    timestamptz,
    epoch          bigint,
    -- The backend of a step that cannot be recorded in its own transaction (law 5).
    pid            integer,
    backend_start  timestamptz,
    error          text,
    PRIMARY KEY (app, id),
    FOREIGN KEY (app, plan_id) REFERENCES changeover.plan (app, id)
);
CREATE INDEX step_open ON changeover.step (app, plan_id, position) WHERE state <> 'done';

-- How far a long step is, one row for each part of the table (the table itself where it has none).
CREATE TABLE changeover.progress (
    app        text NOT NULL,
    step       text NOT NULL,
    part       text NOT NULL,
    -- The last key of the last range that was committed, as an array of texts; NULL: not begun.
    cursor     jsonb,
    -- The last key that there was when the part was begun. Rows that come later are written under
    -- the trigger (or the default), so a busy table does not keep the step running for ever.
    until      jsonb,
    finished   boolean NOT NULL DEFAULT false,
    units      text NOT NULL DEFAULT 'rows',
    total      bigint NOT NULL DEFAULT 0,
    done       bigint NOT NULL DEFAULT 0,
    written    bigint NOT NULL DEFAULT 0,
    batches    bigint NOT NULL DEFAULT 0,
    epoch      bigint,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (app, step, part),
    FOREIGN KEY (app, step) REFERENCES changeover.step (app, id)
) WITH (fillfactor = 50);

-- Rows that somebody held locked when their range was filled; revisited until none is left.
CREATE TABLE changeover.skipped_row (
    app  text NOT NULL,
    step text NOT NULL,
    part text NOT NULL,
    key  jsonb NOT NULL,
    PRIMARY KEY (app, step, part, key),
    FOREIGN KEY (app, step) REFERENCES changeover.step (app, id)
);

-- Rows whose new value cannot be computed: an old release's write never fails because of us, so the
-- error is kept here and holds the contract until somebody has mended the row.
CREATE TABLE changeover.parked_row (
    app       text NOT NULL,
    step      text NOT NULL,
    relation  text NOT NULL,
    key       jsonb NOT NULL,
    error     text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (app, step, relation, key)
);

CREATE TABLE changeover.instance (
    id            uuid PRIMARY KEY,
    app           text NOT NULL REFERENCES changeover.app,
    release       text NOT NULL,
    head          bigint NOT NULL,
    state         text NOT NULL
                  CHECK (state IN ('starting', 'serving', 'draining', 'left')),
    registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    serving_at    timestamptz,
    heartbeat_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    left_at       timestamptz,
    ttl_ms        bigint NOT NULL,
    host          text NOT NULL,
    pid           integer NOT NULL,
    -- Only the login that registered an instance may beat or leave for it.
    login         name NOT NULL DEFAULT session_user
) WITH (fillfactor = 50);
CREATE INDEX instance_open ON changeover.instance (app, heartbeat_at) WHERE left_at IS NULL;

-- What happened, for people and reports; nothing is decided by it.
CREATE TABLE changeover.event (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    app      text NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    epoch    bigint,
    kind     text NOT NULL,
    step     text,
    detail   text NOT NULL
);
CREATE INDEX event_app_at ON changeover.event (app, at);
