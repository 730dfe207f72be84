//! What became of the writes that clients were told are done: each must be there exactly once.
//!
//! Called by the demo and by tests, after the load has ended.

use crate::{database, error::CentralError};
use serde::Serialize;
use std::collections::HashMap;
use uuid::Uuid;

/// What was found of the writes that were acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WritesFound {
    /// How many were looked for.
    pub acknowledged: u64,
    /// Those that are nowhere.
    pub missing: Vec<Uuid>,
    /// Those that are there more than once.
    pub doubled: Vec<Uuid>,
    /// How many are there though they were not looked for: clients were told nothing, or an error.
    pub unacknowledged: u64,
}

/// Looks for each of these writes in all tables that keep one.
///
/// # Errors
/// When the database cannot be read.
pub async fn count_writes(url: &str, write_ids: &[Uuid]) -> Result<WritesFound, CentralError> {
    let client = database::connect(url, "central-count-writes", "counting writes").await?;
    let rows = client
        .query(include_str!("writes.sql"), &[])
        .await
        .map_err(CentralError::sql("counting writes"))?;
    let mut counts: HashMap<Uuid, i64> = HashMap::with_capacity(rows.len());
    for row in &rows {
        let read = |error| CentralError::sql("counting writes")(error);
        counts.insert(row.try_get(0).map_err(read)?, row.try_get(1).map_err(read)?);
    }
    let mut found = WritesFound { acknowledged: write_ids.len() as u64, ..WritesFound::default() };
    for id in write_ids {
        match counts.remove(id) {
            None => found.missing.push(*id),
            Some(1) => {}
            Some(_) => found.doubled.push(*id),
        }
    }
    found.unacknowledged = counts.len() as u64;
    Ok(found)
}
