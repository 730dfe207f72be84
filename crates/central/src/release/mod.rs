//! The releases of central: one folder each, with its own frozen SQL.
//!
//! A release knows the migrations up to its head and nothing of later ones. A statement that is the
//! same as in another release still has its own copy here: a release that is out does not change, and
//! the checks of compatibility run exactly what it sends.

pub mod corpus;
pub mod r4_10;
pub mod r4_8;
pub mod r4_9;
mod statement;

pub use corpus::{CorpusStatement, SampleValue};
pub use statement::{Statement, Statements};

use crate::{error::CentralError, worker::ReleaseWorkers};

/// One release of central.
#[derive(Clone, Copy, Debug)]
pub struct Release {
    /// Its name, e.g. `4.9`.
    pub name: &'static str,
    /// The number of the highest migration that it knows.
    pub head: u64,
    /// What it sends to the database.
    pub statements: Statements,
    /// The column that its reads switch to once the column is filled everywhere; see
    /// [`crate::upgrade::Upgrade::is_filled`].
    pub reads_after_fill: Option<FilledColumn>,
    /// What its background workers do in its own way.
    pub workers: ReleaseWorkers,
}

/// A column that is read only once its backfill is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilledColumn {
    /// The step of the upgrade that proves that every row is filled.
    pub step: &'static str,
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
}

/// Every release, oldest first.
pub const RELEASES: [&Release; 3] = [&r4_8::RELEASE, &r4_9::RELEASE, &r4_10::RELEASE];

impl Release {
    /// The release of this name.
    ///
    /// # Errors
    /// When there is none; the error names those that there are.
    pub fn named(name: &str) -> Result<&'static Self, CentralError> {
        RELEASES.into_iter().find(|release| release.name == name).ok_or_else(|| {
            CentralError::UnknownRelease {
                name: name.to_owned(),
                known: RELEASES.map(|release| release.name).join(", "),
            }
        })
    }
}
