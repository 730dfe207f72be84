//! The way of the sampler's connections to the database.
//!
//! Made by the pacer of a holder; used by prober and looker.

use uuid::Uuid;

/// How the database is reached, and in whose name.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) app: String,
    pub(super) url: String,
    /// The front of `application_name`.
    pub(super) name: String,
    pub(super) epoch: i64,
    pub(super) holder: Uuid,
}
