//! What came of running one statement once: its SQLSTATE, its columns, its number of rows. Values are
//! left out, they may differ from run to run.

use super::value::TextValue;
use futures_util::TryStreamExt;
use serde::Serialize;
use std::fmt;
use tokio_postgres::{Client, Statement};

/// A column of the result as the server describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnShape {
    /// Its name.
    pub name: String,
    /// Its type's number.
    pub type_oid: u32,
    /// Its type's modifier, e.g. the length of a varchar.
    pub type_modifier: i32,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It went well.
    Rows {
        /// The columns of the result.
        columns: Vec<ColumnShape>,
        /// Rows returned, or written where none are returned.
        rows: u64,
    },
    /// It failed.
    Failed {
        /// The SQLSTATE; `08006` where the connection was lost.
        sqlstate: String,
        /// The message.
        message: String,
    },
}

impl Outcome {
    /// What an error of the client says.
    pub(super) fn of_error(error: &tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(db) => Self::Failed {
                sqlstate: db.code().code().to_owned(),
                message: db.message().to_owned(),
            },
            None => Self::Failed { sqlstate: "08006".to_owned(), message: error.to_string() },
        }
    }

    /// Whether it went well.
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Rows { .. })
    }

    /// Whether an older release would notice the difference. Messages may differ.
    pub(super) fn is_same(&self, other: &Self, compare_rows: bool) -> bool {
        match (self, other) {
            (Self::Rows { columns, rows }, Self::Rows { columns: others, rows: other_rows }) => {
                columns == others && (!compare_rows || rows == other_rows)
            }
            (Self::Failed { sqlstate, .. }, Self::Failed { sqlstate: other, .. }) => {
                sqlstate == other
            }
            _ => false,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows { columns, rows } => {
                let names: Vec<_> = columns
                    .iter()
                    .map(|column| {
                        let ColumnShape { name, type_oid, type_modifier } = column;
                        format!("{name}:{type_oid}:{type_modifier}")
                    })
                    .collect();
                write!(f, "{rows} rows ({})", names.join(", "))
            }
            Self::Failed { sqlstate, message } => write!(f, "{sqlstate} {message}"),
        }
    }
}

/// Runs a prepared statement once.
pub(super) async fn execute(
    client: &Client,
    statement: &Statement,
    values: &[Option<String>],
) -> Outcome {
    match rows(client, statement, values).await {
        Ok(rows) => Outcome::Rows {
            columns: statement
                .columns()
                .iter()
                .map(|column| ColumnShape {
                    name: column.name().to_owned(),
                    type_oid: column.type_().oid(),
                    type_modifier: column.type_modifier(),
                })
                .collect(),
            rows,
        },
        Err(error) => Outcome::of_error(&error),
    }
}

async fn rows(
    client: &Client,
    statement: &Statement,
    values: &[Option<String>],
) -> Result<u64, tokio_postgres::Error> {
    let values = values.iter().map(|value| TextValue(value.as_deref()));
    let stream = client.query_raw(statement, values).await?;
    futures_util::pin_mut!(stream);
    let mut rows = 0;
    while stream.try_next().await?.is_some() {
        rows += 1;
    }
    Ok(match statement.columns() {
        [] => stream.rows_affected().unwrap_or(rows),
        _ => rows,
    })
}
