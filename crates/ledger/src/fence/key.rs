//! The unique key that makes a guard's lock conflict with the next grant: without it a transaction that
//! has passed the guard could commit after that. Looked for before anything is done under a lease.

use crate::connection::Parameter;
use crate::error::Error;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// Asks whether a key stands; by a typed statement, since the connection may be pooled.
pub const UNIQUE_KEY: &str = include_str!("sql/unique_key.sql");

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
