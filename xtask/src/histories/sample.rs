//! The twenty migrations that are planned against rows: each of the forms that a service has to fear
//! while it serves, out of both histories.

/// The front of a file's name, and what it is chosen for.
pub(super) const TWENTY: [(&str, &str); 20] = [
    ("20220421174016_larger-commands", "a wider varchar"),
    ("20220426172813_user-created-at", "a NOT NULL column with a default that is a function"),
    ("20230315224203_create-deleted", "IF NOT EXISTS, and an index on a large table"),
    ("20240108124837_drop-some-defaults", "defaults that older releases rely on"),
    ("20260127000000_remove-email-verification", "a table and a column that go"),
    ("20220204131627_add_merkle_root", "a new column filled from an old one"),
    ("20220204223302_transactions_new_mempool", "UPDATE and DELETE of some rows, a unique index"),
    ("20220325153146_remove_events_id", "another primary key"),
    ("20220401114554_storage_tables_migration", "renamed columns, another primary key"),
    ("20220519150925_eth_sender_refactor", "NOT NULL without default, a foreign key, SET NOT NULL"),
    ("20220827110416_miniblocks", "a table split in two: INSERT … SELECT, renames, foreign keys"),
    ("20221108190838_set-primary-keys", "primary keys for tables without"),
    ("20230327173626_eth-txs-history-tx-hash-index", "DELETE, then a unique index"),
    ("20230914150834_enum-indices-not-null", "SET NOT NULL"),
    ("20240112194527_snapshots_applier", "constraints dropped, a NOT NULL column without default"),
    ("20240708194915_vm_runner_processing", "another type, with USING"),
    ("20240805144000_tee_proofs_reorg", "a primary key replaced around an UPDATE"),
    ("20240905123059_rename-recurision", "a rename done by hand: column, default, UPDATE, comment"),
    ("20241011081834_batch_chain_merkle_path", "a new label of an enum"),
    ("20250521111307_fast-finality", "an UPDATE of the rows that a condition picks"),
];
