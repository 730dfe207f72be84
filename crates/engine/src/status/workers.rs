//! Who owns the singleton workers, for people. One statement (`sql/workers.sql`); nothing is decided by it.

use crate::connection::Connection;
use crate::error::Error;
use crate::ledger::bootstrap;
use crate::text::document;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;

const WORKERS: &str = include_str!("sql/workers.sql");

/// The first format of the ledger with workers.
const FORMAT_WITH_WORKERS: i32 = 2;

/// One singleton worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkerStatus {
    /// Its name.
    pub name: String,
    /// `owned`, `unowned`, or `retired`: nobody's, and the latest release says that this is well.
    pub state: String,
    /// The number under which it is owned; only grows.
    pub epoch: i64,
    /// Who owns it.
    pub owner: Option<WorkerInstance>,
    /// Since when it is owned, or when it was last given up.
    pub since: Option<Timestamp>,
    /// The lowest generation that may own it now.
    pub min_generation: i64,
    /// The highest.
    pub max_generation: i64,
    /// To whom the owner is asked to hand it over.
    pub successor: Option<WorkerInstance>,
    /// When that is done without the owner.
    pub handover_by: Option<Timestamp>,
    /// Why a newer release that is ready does not get it.
    pub refused: Option<String>,
}

/// An instance that owns a worker, or is to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkerInstance {
    /// Its id.
    pub instance: String,
    /// Which release it is in background work.
    pub generation: Option<i64>,
    /// The release's name.
    pub release: String,
    /// Its host.
    pub host: String,
    /// Its process id.
    pub pid: i32,
}

impl WorkerStatus {
    /// Whether somebody should look: nobody owns it, or a newer release is kept from it.
    pub fn needs_a_look(&self) -> bool {
        self.refused.is_some() || self.state == "unowned"
    }
}

/// Reads who owns what, by name. None where the ledger is an older one.
pub(super) async fn read(connection: &Connection, app: &str) -> Result<Vec<WorkerStatus>, Error> {
    let format = bootstrap::format(connection).await?;
    if format.is_none_or(|(written, _)| written < FORMAT_WITH_WORKERS) {
        return Ok(Vec::new());
    }
    let row = connection
        .client
        .query_typed_one(WORKERS, &[(&app, Type::TEXT)])
        .await
        .map_err(|source| Error::sql("reading the workers", source))?;
    document(&row, 0, "workers")
}
