//! Every new connection of a service says to which instance it belongs, and is refused below the floor.
//!
//! Called by the service's pool, for each connection that it makes, before the first use. With it no
//! session of an older release slips past the raising of the floor: one that was admitted before is
//! found by its name and ended, one that comes later is refused (`admit` in
//! `bootstrap/sql/functions_0001.sql`).

use crate::error::Error;
use crate::instance::{Instance, meaning};
use crate::options::Options;
use std::sync::Arc;
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// What a pool needs to admit connections; cheap to clone into its hook.
#[derive(Clone)]
pub struct Admission {
    id: Uuid,
    options: Arc<Options>,
}

impl Admission {
    /// For connections of this instance.
    pub fn new(instance: &Instance) -> Self {
        Self { id: instance.id(), options: Arc::clone(instance.options()) }
    }

    /// What `application_name` the service's connections must have: in the connection string or the
    /// driver's configuration, so that it is in the startup packet and no pooler mixes it up.
    pub fn application_name(&self) -> String {
        self.options.application_name()
    }

    /// Admits a connection. [`Error::BelowFloor`]: this release may not write any more; the connection
    /// is to be closed. Uses no named statement, so a transaction-mode pooler may stand between.
    pub async fn admit(&self, client: &Client) -> Result<(), Error> {
        client
            .query_typed("SELECT changeover.admit($1)", &[(&self.id, Type::UUID)])
            .await
            .map_err(|source| meaning(&self.options, source, "admitting a connection"))?;
        Ok(())
    }
}

impl std::fmt::Debug for Admission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admission").field("instance", &self.id).finish_non_exhaustive()
    }
}
