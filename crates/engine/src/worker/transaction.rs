//! A transaction under a tenure.
//!
//! The guard runs as the last statement, with the commit ([`commit_behind`]). Statements are typed: the
//! connection may be pooled.

use super::lease::{Claim, lost_or};
use crate::connection::Connection;
use crate::error::Error;
use crate::fence::commit::commit_behind;
use crate::generation::Parameter;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

const GUARD: &str = "SELECT changeover.guard_v1($1, $2, $3, $4)";

/// A unit of work's transaction. Dropped without [`WorkTransaction::commit`], it is rolled back.
pub struct WorkTransaction<'a> {
    pub(super) connection: &'a Connection,
    pub(super) claim: &'a Claim,
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
        let claim = self.claim;
        let client = &self.connection.client;
        let parameters: [Parameter<'_>; 4] = [
            (&claim.app, Type::TEXT),
            (&claim.worker, Type::TEXT),
            (&claim.epoch, Type::INT8),
            (&claim.instance, Type::UUID),
        ];
        let (guarded, committed) =
            commit_behind(client, client.query_typed(GUARD, &parameters)).await;
        // A COMMIT that was answered has ended the transaction, whichever way.
        if committed.is_ok() {
            *self.open = false;
        }
        guarded.map_err(|source| lost_or(claim, Error::sql("the guard", source)))?;
        committed.map_err(|source| Error::sql("committing a unit of work", source))?;
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
