-- What format 3 adds: which roles are the services of which application, and which plans were refused, and
-- which part of a table a progress is of.

-- Roles that may register and act for an application. Where there is no row of an application, none of
-- its releases has been here with an engine of this format.
CREATE TABLE changeover.service_role (
    app         text NOT NULL REFERENCES changeover.app,
    role        text NOT NULL,
    declared_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (app, role)
);
-- Who has registered so far goes on.
INSERT INTO changeover.service_role (app, role) SELECT DISTINCT app, login::text FROM changeover.instance;

-- The latest plan of a release that was refused, for people: gone once migrations up to that head are
-- planned. One row a release, however often it is started.
CREATE TABLE changeover.refused_release (
    app      text NOT NULL REFERENCES changeover.app,
    head     bigint NOT NULL,
    release  text NOT NULL,
    host     text NOT NULL,
    pid      integer NOT NULL,
    first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    times    bigint NOT NULL DEFAULT 1,
    -- File, line, rule, reason, remedy of each, the first some of them.
    refusals jsonb NOT NULL,
    total    integer NOT NULL,
    PRIMARY KEY (app, head, release)
);

-- Which part of its table a row of `progress` is of: a partition that was detached and attached again has the
-- same name, and rows that no trigger has seen. No reference to `progress`, which would lock that.
CREATE TABLE changeover.part_identity (
    app      text NOT NULL,
    step     text NOT NULL,
    part     text NOT NULL,
    -- Of its copy of the sync trigger, else of the table.
    identity oid NOT NULL,
    PRIMARY KEY (app, step, part)
);
