//! A migration as its author wrote it: one numbered file of ordinary SQL.

use serde::{Deserialize, Serialize};

/// One migration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// Its number; later migrations have higher ones. A timestamp where the tool numbers so.
    pub number: u64,
    /// The file name without number and ending, e.g. `container_start_time`.
    pub name: String,
    /// The file name, for messages.
    pub file: String,
    /// The whole text.
    pub text: String,
    /// SHA-256 of the text, in hex: an edited file that was already applied is found by it.
    pub checksum: String,
    /// Whether the tool that it was written for runs it without a transaction.
    #[serde(default)]
    pub without_transaction: bool,
}

/// What the ledger remembers of a migration that was planned or applied before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedMigration {
    /// Its number.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// The checksum it had then.
    pub checksum: String,
}
