//! What a handler says when a job was not done. Anything that is an error becomes one by `?`.

use std::error::Error as StdError;
use std::time::Duration;

/// Why a job was not done, and what is to become of it.
///
/// Does not implement [`std::error::Error`], so that every error can be turned into one by `?`.
#[derive(Debug)]
pub struct JobError {
    pub(super) meaning: Meaning,
    pub(super) why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Tried again; of an at-most-once kind: of unknown outcome.
    Failed,
    /// Tried again after this pause, since it is known that nothing was done outside.
    NotDone(Option<Duration>),
    /// Never tried again.
    GivenUp,
}

impl JobError {
    /// It is known that nothing was done outside the database: tried again after `pause`, or after one
    /// that doubles. For an at-most-once kind this is the only failure after which it is.
    pub fn not_done(why: impl Into<String>, pause: Option<Duration>) -> Self {
        Self::new(Meaning::NotDone(pause), why)
    }

    /// It can never be done: a dead letter at once.
    pub fn give_up(why: impl Into<String>) -> Self {
        Self::new(Meaning::GivenUp, why)
    }

    pub(super) fn failed(why: impl Into<String>) -> Self {
        Self::new(Meaning::Failed, why)
    }

    /// No text of PostgreSQL holds a NUL: with one, nobody could ever be told.
    fn new(meaning: Meaning, why: impl Into<String>) -> Self {
        Self { meaning, why: why.into().replace('\0', "\u{fffd}") }
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for JobError {
    fn from(error: E) -> Self {
        Self::failed(crate::error::chain(&error))
    }
}
