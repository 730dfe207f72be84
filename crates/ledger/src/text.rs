//! Reads texts of the server that may be no UTF-8: on a database of encoding SQL_ASCII everything that
//! people and other programs wrote is bytes (names, statements, messages, the ledger's own texts), and what
//! is common to all databases (roles, sessions) may come from such a one anywhere.
//!
//! Every query of names and texts in the ledger's, the engine's and the workers' crates reads by these
//! functions: `Row::get` would end the task that reads.
//!
//! - What is only shown or compared: [`text`], [`known_text`], [`texts`], [`listed`], [`document`]. A byte that is no
//!   UTF-8 becomes U+FFFD.
//! - What is sent back (keys, names within statements): [`exact`], which fails instead, since a key that
//!   reads differently would name another row.

use crate::error::Error;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::row::RowIndex;
use tokio_postgres::types::{FromSql, Type};

type Cause = Box<dyn std::error::Error + Sync + Send>;

/// A text, or a JSON document as text, whatever its bytes.
struct Lossy(String);

impl<'a> FromSql<'a> for Lossy {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Cause> {
        // The binary form of `jsonb` begins with its version.
        let bytes = if *kind == Type::JSONB { raw.get(1..).unwrap_or_default() } else { raw };
        Ok(Self(String::from_utf8_lossy(bytes).into_owned()))
    }

    fn accepts(kind: &Type) -> bool {
        <&str as FromSql>::accepts(kind)
            || matches!(*kind, Type::BYTEA | Type::JSON | Type::JSONB | Type::CHAR)
    }
}

/// A text; empty where it is NULL.
pub fn text(row: &Row, column: impl RowIndex + std::fmt::Display) -> String {
    known_text(row, column).unwrap_or_default()
}

/// A text; `None` where it is NULL.
pub fn known_text(row: &Row, column: impl RowIndex + std::fmt::Display) -> Option<String> {
    row.try_get::<_, Option<Lossy>>(column).ok().flatten().map(|text| text.0)
}

/// The first column of all rows.
pub fn texts(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| text(row, 0)).collect()
}

/// The texts of an array; `None` for each that is NULL.
pub fn listed(row: &Row, column: impl RowIndex + std::fmt::Display) -> Vec<Option<String>> {
    let listed: Vec<Option<Lossy>> = row.try_get(column).unwrap_or_default();
    listed.into_iter().map(|text| text.map(|text| text.0)).collect()
}

/// What a JSON document says. `what` is named where it cannot be understood.
pub fn document<T: DeserializeOwned>(
    row: &Row,
    column: impl RowIndex + std::fmt::Display,
    what: &str,
) -> Result<T, Error> {
    serde_json::from_str(&text(row, column))
        .map_err(|source| Error::Decode { what: what.to_owned(), source })
}

/// A value as it is. `doing` is named where it cannot be read.
pub fn exact<'a, T: FromSql<'a>>(
    row: &'a Row,
    column: impl RowIndex + std::fmt::Display,
    doing: &str,
) -> Result<T, Error> {
    row.try_get(column).map_err(|source| Error::sql(doing, source))
}
