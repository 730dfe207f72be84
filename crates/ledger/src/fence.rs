//! What the fences of term, workers and jobs have in common: how a guard goes with its commit, the key that
//! makes it hold, and how much of a lease its holder uses.
//!
//! A guard comes late, as a transaction's last statement, so that a paused process delays nobody's takeover.
//! Its lock conflicts with the next grant only because of a unique key: without that a transaction that has
//! passed the guard could commit after the grant, so the key is looked for before anything is done under a
//! lease. Time decides only when a takeover may happen, never whether an old holder's write may commit.
//! SQL: `fence/sql/`.

use crate::connection::Parameter;
use crate::error::Error;
use std::future::Future;
use std::time::Duration;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

/// Asks whether a key stands; by a typed statement, since the connection may be pooled.
pub const UNIQUE_KEY: &str = include_str!("fence/sql/unique_key.sql");

/// How long before the lease's end the holder stops by itself: time for what it has sent to arrive.
const SELF_STOP_MARGIN_MAX: Duration = Duration::from_secs(1);

/// Sends a fence and `COMMIT` in one round trip, and awaits both answers. `fence` sends its statement when it
/// is first polled. A `COMMIT` of a failed transaction answers success with the tag ROLLBACK, so its answer
/// alone says nothing: look at the fence's first.
pub async fn commit_behind<T>(
    client: &Client,
    fence: impl Future<Output = T>,
) -> (T, Result<(), tokio_postgres::Error>) {
    // Both futures are polled in this order, so the server gets the fence first.
    tokio::join!(biased; fence, client.batch_execute("COMMIT"))
}

/// A fence's key.
pub struct FenceKey {
    /// The table.
    pub table: &'static str,
    /// Its constraint.
    pub constraint: &'static str,
    /// The columns in the constraint's order.
    pub columns: &'static [&'static str],
    /// Between whom the fence stands.
    pub between: &'static str,
}

impl FenceKey {
    /// What [`UNIQUE_KEY`] is asked with.
    pub fn parameters(&self) -> [Parameter<'_>; 2] {
        [(&self.table, Type::TEXT), (&self.columns, Type::TEXT_ARRAY)]
    }

    /// Fails where the answer says that the key does not stand.
    pub fn require(&self, answer: &[Row]) -> Result<(), Error> {
        if answer.first().is_some_and(|row| row.get(0)) {
            return Ok(());
        }
        let (table, columns) = (self.table, self.columns.join(", "));
        Err(Error::NotVerified {
            what: format!("table {table}"),
            detail: format!(
                "its unique key ({columns}) is missing or invalid, and with it the fence between two \
                 {}: ALTER TABLE {table} ADD CONSTRAINT {} UNIQUE ({columns})",
                self.between, self.constraint
            ),
        })
    }
}

/// How much of a lease its holder uses, counted from when the last good renewal was sent.
pub fn usable(lease: Duration) -> Duration {
    lease - (lease / 5).min(SELF_STOP_MARGIN_MAX)
}
