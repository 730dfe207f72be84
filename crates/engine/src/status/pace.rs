//! How fast what runs long goes, and what says so, as its holder has written it last.
//!
//! Part of the status; None where the ledger is an older one. SQL: `sql/pace.sql`.

use crate::connection::Connection;
use crate::error::Error;
use crate::text::document;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;

const PACE: &str = include_str!("sql/pace.sql");

/// The pace of the step that runs, or of the last one that did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaceStatus {
    /// The step.
    pub step: String,
    /// The share of the time that is worked, 0 to 1.
    pub share: f64,
    /// How long a batch takes, in milliseconds.
    pub batch_ms: f64,
    /// The input that holds it back.
    pub limited_by: Option<String>,
    /// What that says, in plain words.
    pub observed: Option<String>,
    /// Since when it is held back by that, or by nothing.
    pub since: Timestamp,
    /// Units a second in the last minutes; `None` while unknown.
    #[serde(default)]
    pub rate: Option<f64>,
    /// When this was written.
    pub updated_at: Timestamp,
}

/// Reads it.
pub(super) async fn read(connection: &Connection, app: &str) -> Result<Option<PaceStatus>, Error> {
    let row = connection
        .client
        .query_typed_opt(PACE, &[(&app, Type::TEXT)])
        .await
        .map_err(|source| Error::sql("reading the pace", source))?;
    row.map(|row| document(&row, 0, "pace")).transpose()
}
