//! A transaction under a tenure.
//!
//! The guard and `COMMIT` are one message, so one round trip: where the guard raises, the server does not
//! come to the rest. In one message there are no parameters; what is quoted is the worker's own name.
//! Measured by `cargo xtask bench-workers`: two messages, pipelined, cost half as much again.

use super::lease::{Claim, lost_or};
use crate::connection::Connection;
use crate::error::Error;
use changeover_plan::model::identifier::quote_literal;
use tokio_postgres::Client;

/// A unit of work's transaction. Dropped without [`WorkTransaction::commit`], it is rolled back.
pub struct WorkTransaction<'a> {
    pub(super) connection: &'a Connection,
    pub(super) claim: &'a Claim,
    pub(super) commit: &'a str,
    pub(super) open: &'a mut bool,
}

impl WorkTransaction<'_> {
    /// The client; what runs on it is part of this transaction. Where the service's connection goes
    /// through a pooler in transaction mode, use its `query_typed`.
    pub fn client(&self) -> &Client {
        &self.connection.client
    }

    /// The number under which the worker is owned.
    pub fn epoch(&self) -> i64 {
        self.claim.epoch
    }

    /// Commits if the worker is still owned under this epoch, in one round trip.
    /// [`Error::TenureLost`]: it is not, and nothing was committed. Where the connection is lost, nobody
    /// knows: the next unit of work has to look.
    pub async fn commit(self) -> Result<(), Error> {
        self.connection.client.batch_execute(self.commit).await.map_err(|source| {
            lost_or(self.claim, Error::sql("committing a unit of work", source))
        })?;
        *self.open = false;
        Ok(())
    }

    /// Rolls back.
    pub async fn rollback(self) -> Result<(), Error> {
        self.connection
            .client
            .batch_execute("ROLLBACK")
            .await
            .map_err(|source| Error::sql("rolling back a unit of work", source))?;
        *self.open = false;
        Ok(())
    }
}

/// What commits a unit of work under a claim.
pub(super) fn commit_statement(claim: &Claim) -> String {
    format!(
        "SELECT changeover.guard_v1({}, {}, {}, '{}'); COMMIT",
        quote_literal(&claim.app),
        quote_literal(&claim.worker),
        claim.epoch,
        claim.instance
    )
}
