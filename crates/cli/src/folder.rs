//! A folder of migrations, as it was read: for planning, and for showing statements as they are written.

use changeover::planning::Migration;
use std::path::PathBuf;

/// A folder of migrations that was read.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    /// Where it is, for messages.
    pub(crate) path: PathBuf,
    /// What is in it, by number.
    pub(crate) migrations: Vec<Migration>,
}
