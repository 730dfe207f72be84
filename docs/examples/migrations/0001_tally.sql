-- What the examples write: one row each time that the tally is told, one for each job.
CREATE TABLE tally (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    worker text NOT NULL,
    epoch  bigint NOT NULL,
    told_by uuid NOT NULL
);
CREATE TABLE greeting (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job      bigint NOT NULL,
    attempt  integer NOT NULL,
    name     text NOT NULL,
    greeted_by uuid NOT NULL
);
