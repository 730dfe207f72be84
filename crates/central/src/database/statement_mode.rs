//! How a release's statements are sent: prepared by name, or unnamed each time.
//!
//! A statement that is prepared by name belongs to one session of the server. Behind a pooler in
//! transaction mode the next transaction may get another session, where the name is unknown or stands
//! for something else; only PgBouncer from 1.21 on, with `max_prepared_statements`, keeps names over
//! sessions. Unnamed statements work behind every pooler and are parsed and planned each time.
//!
//! Every route sends its statements through here, with the types of the parameters: without a
//! preparation nobody asks the server for them.

use super::PooledClient;
use crate::release::Statement;
use deadpool_postgres::Transaction;
use std::future::Future;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, GenericClient, Row};

/// How statements are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum StatementMode {
    /// Prepared once per connection, by name.
    #[default]
    Prepared,
    /// Unnamed, each time again: for poolers in transaction mode that keep no prepared statements.
    Unnamed,
}

/// A parameter's value and its type.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// A connection of the pool, or a transaction on one.
pub(crate) trait Session: Sync {
    /// What lies under the pool's wrapper, which knows no unnamed statements.
    type Inner: tokio_postgres::GenericClient + Sync;

    /// The session itself.
    fn inner(&self) -> &Self::Inner;

    /// A statement's name on this session, prepared if it is not yet.
    fn prepared(
        &self,
        sql: &str,
        types: &[Type],
    ) -> impl Future<Output = Result<tokio_postgres::Statement, Error>> + Send;
}

impl Session for PooledClient {
    type Inner = tokio_postgres::Client;

    fn inner(&self) -> &Self::Inner {
        self
    }

    async fn prepared(
        &self,
        sql: &str,
        types: &[Type],
    ) -> Result<tokio_postgres::Statement, Error> {
        self.prepare_typed_cached(sql, types).await
    }
}

impl<'a> Session for Transaction<'a> {
    type Inner = tokio_postgres::Transaction<'a>;

    fn inner(&self) -> &Self::Inner {
        self
    }

    async fn prepared(
        &self,
        sql: &str,
        types: &[Type],
    ) -> Result<tokio_postgres::Statement, Error> {
        self.prepare_typed_cached(sql, types).await
    }
}

impl StatementMode {
    /// Runs a statement and returns its rows.
    pub(crate) async fn query<S: Session>(
        self,
        session: &S,
        statement: Statement,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Error> {
        match self {
            Self::Prepared => {
                let (values, types) = split(parameters);
                let prepared = session.prepared(statement.sql, &types).await?;
                session.inner().query(&prepared, &values).await
            }
            Self::Unnamed => session.inner().query_typed(statement.sql, parameters).await,
        }
    }

    /// Runs a statement and returns how many rows it has touched.
    pub(crate) async fn execute<S: Session>(
        self,
        session: &S,
        statement: Statement,
        parameters: &[Parameter<'_>],
    ) -> Result<u64, Error> {
        match self {
            Self::Prepared => {
                let (values, types) = split(parameters);
                let prepared = session.prepared(statement.sql, &types).await?;
                session.inner().execute(&prepared, &values).await
            }
            Self::Unnamed => session.inner().execute_typed(statement.sql, parameters).await,
        }
    }
}

fn split<'a>(parameters: &[Parameter<'a>]) -> (Vec<&'a (dyn ToSql + Sync)>, Vec<Type>) {
    parameters.iter().cloned().unzip()
}
