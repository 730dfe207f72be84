//! Releases whose plan was refused, for people. One statement (`sql/refused.sql`).

use crate::connection::Connection;
use crate::error::Error;
use crate::ledger::bootstrap;
use crate::text::document;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;

const REFUSED: &str = include_str!("sql/refused.sql");

/// The first format of the ledger that keeps them.
const FORMAT_WITH_REFUSED: i32 = 3;

/// A release that was refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefusedRelease {
    /// The release.
    pub release: String,
    /// Its head.
    pub head: u64,
    /// The host of its latest try.
    pub host: String,
    /// The process id of its latest try.
    pub pid: i32,
    /// When it was refused first.
    pub first_at: Timestamp,
    /// When it was refused last.
    pub at: Timestamp,
    /// How often.
    pub times: i64,
    /// How many statements are refused.
    pub total: i32,
    /// The first of them.
    pub refusals: Vec<RefusedStatement>,
}

/// A statement that was refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefusedStatement {
    /// The file.
    pub file: String,
    /// The line in it.
    pub line: u32,
    /// The rule, e.g. `no-primary-key`.
    pub rule: String,
    /// The statement, shortened.
    pub statement: String,
    /// Why.
    pub reason: String,
    /// What to write instead.
    pub remedy: String,
}

/// Reads them, the latest first. None where the ledger is an older one.
pub(super) async fn read(connection: &Connection, app: &str) -> Result<Vec<RefusedRelease>, Error> {
    let format = bootstrap::format(connection).await?;
    if format.is_none_or(|(written, _)| written < FORMAT_WITH_REFUSED) {
        return Ok(Vec::new());
    }
    let row = connection
        .client
        .query_typed_one(REFUSED, &[(&app, Type::TEXT)])
        .await
        .map_err(|source| Error::sql("reading the refused releases", source))?;
    document(&row, 0, "refused releases")
}
