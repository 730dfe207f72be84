-- What shared caches are told of: part of the ledger's format 2.

-- One note for each transaction and what it has written. No counter that writers would queue for: each
-- transaction has rows of its own, so none waits for another. Readers compare `xid` with the snapshot of
-- their last look, not with the highest number that they have seen: a transaction that commits late has
-- a low number.
CREATE TABLE changeover.change_note (
    app    text NOT NULL,
    source text NOT NULL,
    xid    xid8 NOT NULL,
    -- The key of the changed row; empty: anything may have changed.
    key    text NOT NULL,
    PRIMARY KEY (app, source, xid, key)
);

-- Which tables write notes, by which triggers. Their partitions have the same triggers.
CREATE TABLE changeover.watched_table (
    app      text NOT NULL,
    source   text NOT NULL,
    relation regclass NOT NULL,
    triggers name[] NOT NULL,
    PRIMARY KEY (app, source, relation)
);

-- Notes of transactions that `pruned` sees are gone. `next` becomes `pruned` once it is old enough.
CREATE TABLE changeover.change_horizon (
    app     text PRIMARY KEY,
    pruned  pg_snapshot,
    next    pg_snapshot NOT NULL,
    next_at timestamptz NOT NULL
);
