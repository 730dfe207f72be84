-- For every writer but the derivation's own batches, which have computed the row themselves and say so. Any
-- session may say it; it is heard only from who logged in as the role that migrates, which no service does.
-- A privilege instead of the name would cost four times as much, at every row of a batch.
coalesce(pg_catalog.current_setting('changeover.filling', true), '') OPERATOR(pg_catalog.<>) {trigger} OR SESSION_USER OPERATOR(pg_catalog.<>) {migrator}