-- For every writer but the derivation's own batches, which have computed the row themselves and say so. Any
-- session may say it; it is heard only from who logged in as one that may make objects in the ledger's schema,
-- which is who migrates, never a service. Asked for that only where it is said, since it costs more.
coalesce(pg_catalog.current_setting('changeover.filling', true), '') OPERATOR(pg_catalog.<>) {trigger} OR NOT pg_catalog.has_schema_privilege(SESSION_USER, 'changeover', 'CREATE')