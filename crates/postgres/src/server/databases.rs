//! Makes, clones and drops databases, as superuser over TCP.
//!
//! The statements stand here and not in files of their own: each is one line around identifiers,
//! which cannot be parameters and are quoted by `quoted`.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

use super::Server;
use crate::error::AdminError;

/// Cloning 1 GB took up to 23 s on a busy machine.
const STATEMENT_DEADLINE: Duration = Duration::from_secs(120);

/// A client that has just hung up is still counted until its backend has noticed: milliseconds.
const TEMPLATE_BUSY_MAX: Duration = Duration::from_secs(10);

/// How often a busy template is tried again.
const TEMPLATE_POLL: Duration = Duration::from_millis(20);

impl Server {
    /// Makes an empty database.
    ///
    /// Errors: it exists, or the server does not answer within two minutes.
    pub async fn create_database(&self, name: &str) -> Result<(), AdminError> {
        self.administer("create", name, &format!("CREATE DATABASE {}", quoted(name))).await
    }

    /// Makes a database as a copy of another one, which nobody may be connected to.
    ///
    /// Connections that are just ending are waited for, up to ten seconds.
    ///
    /// Errors: as [`Server::create_database`], or `template` is missing or stays in use.
    pub async fn clone_database(&self, template: &str, name: &str) -> Result<(), AdminError> {
        // Copying files beats logging every block, some three times; before 15 it is the only way.
        let strategy = if self.major() >= 15 { " STRATEGY FILE_COPY" } else { "" };
        let (quoted_name, quoted_template) = (quoted(name), quoted(template));
        let sql = format!("CREATE DATABASE {quoted_name} TEMPLATE {quoted_template}{strategy}");
        let started = Instant::now();
        loop {
            match self.administer("clone", name, &sql).await {
                Err(AdminError::Statement { source, .. })
                    if source.code() == Some(&SqlState::OBJECT_IN_USE)
                        && started.elapsed() < TEMPLATE_BUSY_MAX =>
                {
                    tokio::time::sleep(TEMPLATE_POLL).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Drops a database and ends all that are connected to it.
    ///
    /// Errors: there is none of that name, or the server does not answer within two minutes.
    pub async fn drop_database(&self, name: &str) -> Result<(), AdminError> {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", quoted(name));
        self.administer("drop", name, &sql).await
    }

    /// Makes an empty database with a name of its own that begins with `prefix`; returns the name.
    ///
    /// Errors: as [`Server::create_database`].
    pub async fn fresh_database(&self, prefix: &str) -> Result<String, AdminError> {
        let name = self.fresh_name(prefix);
        self.create_database(&name).await?;
        Ok(name)
    }

    /// Clones `template` under a name of its own that begins with `prefix`; returns the name.
    ///
    /// Errors: as [`Server::clone_database`].
    pub async fn fresh_clone(&self, template: &str, prefix: &str) -> Result<String, AdminError> {
        let name = self.fresh_name(prefix);
        self.clone_database(template, &name).await?;
        Ok(name)
    }

    /// The server is this process's own, so a count makes a name unique.
    fn fresh_name(&self, prefix: &str) -> String {
        format!("{prefix}_{}", self.next_number())
    }

    /// A number that this server has not given yet.
    pub(crate) fn next_number(&self) -> u64 {
        self.databases_named.fetch_add(1, Ordering::Relaxed)
    }

    /// Runs one statement in the database `postgres`; `database` is for the message.
    pub(crate) async fn administer(
        &self,
        action: &'static str,
        database: &str,
        sql: &str,
    ) -> Result<(), AdminError> {
        let url = self.url("postgres", "postgres");
        let work = async {
            let (client, connection) =
                tokio_postgres::connect(&url, NoTls).await.map_err(AdminError::Connect)?;
            // Polled beside the statement, so that no task outlives this call.
            let statement = async {
                let outcome = client.batch_execute(sql).await;
                drop(client);
                outcome
            };
            let (outcome, hung_up) = tokio::join!(statement, connection);
            outcome.map_err(|source| AdminError::Statement {
                action,
                database: database.to_owned(),
                source,
            })?;
            hung_up.map_err(AdminError::Connect)
        };
        tokio::time::timeout(STATEMENT_DEADLINE, work).await.unwrap_or_else(|_| {
            Err(AdminError::TookTooLong {
                action,
                database: database.to_owned(),
                deadline: STATEMENT_DEADLINE,
            })
        })
    }
}

/// A quoted identifier.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quotes_within_names_are_doubled() {
        assert_eq!(quoted(r#"a "b" c"#), r#""a ""b"" c""#);
    }
}
