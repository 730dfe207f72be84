//! A connection of the older release, with its statements prepared.
//!
//! Its name says the older release's head, as the database wants to know who writes. What a statement
//! changes is rolled back, so that it can be run again with the same result.

use super::corpus::CorpusStatement;
use super::outcome::{Outcome, execute};
use crate::error::VerifyError;
use crate::trial::connect;
use tokio_postgres::{Client, Statement};

/// A generic plan is made at the sixth execution of a prepared statement.
const WARM_EXECUTIONS: usize = 6;
/// A statement that waits for this long counts as failed: releases have timeouts, too.
const BOUNDS: &str = "SET lock_timeout = '5s'; SET statement_timeout = '30s'";

/// One statement as far as preparing it went.
enum Prepared {
    Yes { statement: Statement, writes: bool },
    No(Outcome),
}

/// The connection.
pub(super) struct Session {
    client: Client,
    prepared: Vec<Prepared>,
}

/// The outcomes of a whole corpus: by statement, by set of values.
pub(super) type Outcomes = Vec<Vec<Outcome>>;

impl Session {
    /// Connects and prepares everything again.
    pub(super) async fn open(
        url: &str,
        name: &str,
        corpus: &[CorpusStatement],
    ) -> Result<Self, VerifyError> {
        let client = connect(url, name, "running the older release's statements").await?;
        run(&client, BOUNDS).await?;
        let mut prepared = Vec::with_capacity(corpus.len());
        for entry in corpus {
            prepared.push(match client.prepare(&entry.sql).await {
                Ok(statement) => {
                    Prepared::Yes { writes: writes(&client, &statement, entry).await?, statement }
                }
                Err(error) => Prepared::No(Outcome::of_error(&error)),
            });
        }
        Ok(Self { client, prepared })
    }

    /// Runs everything so often that all plans are made that ever will be.
    pub(super) async fn warm(&self, corpus: &[CorpusStatement]) -> Result<(), VerifyError> {
        for _ in 0..WARM_EXECUTIONS {
            self.one_by_one(corpus).await?;
        }
        Ok(())
    }

    /// Runs each statement by itself: what only reads in autocommit, what writes in a transaction of
    /// its own, at the end of which deferred constraints are checked too.
    pub(super) async fn one_by_one(
        &self,
        corpus: &[CorpusStatement],
    ) -> Result<Outcomes, VerifyError> {
        let mut all = Vec::with_capacity(corpus.len());
        for (entry, prepared) in corpus.iter().zip(&self.prepared) {
            let mut outcomes = Vec::with_capacity(entry.parameters.len());
            for values in &entry.parameters {
                outcomes.push(match prepared {
                    Prepared::No(outcome) => outcome.clone(),
                    Prepared::Yes { statement, writes: false } => {
                        execute(&self.client, statement, values).await
                    }
                    Prepared::Yes { statement, .. } => self.rolled_back(statement, values).await?,
                });
            }
            all.push(outcomes);
        }
        Ok(all)
    }

    async fn rolled_back(
        &self,
        statement: &Statement,
        values: &[Option<String>],
    ) -> Result<Outcome, VerifyError> {
        run(&self.client, "BEGIN").await?;
        let mut outcome = execute(&self.client, statement, values).await;
        if outcome.is_ok()
            && let Err(error) = self.client.batch_execute("SET CONSTRAINTS ALL IMMEDIATE").await
        {
            outcome = Outcome::of_error(&error);
        }
        run(&self.client, "ROLLBACK").await?;
        Ok(outcome)
    }

    /// Runs all statements in one transaction, each seeing what those before it have done.
    pub(super) async fn in_one_transaction(
        &self,
        corpus: &[CorpusStatement],
    ) -> Result<Outcomes, VerifyError> {
        run(&self.client, "BEGIN").await?;
        let mut all = Vec::with_capacity(corpus.len());
        for (entry, prepared) in corpus.iter().zip(&self.prepared) {
            let mut outcomes = Vec::with_capacity(entry.parameters.len());
            for values in &entry.parameters {
                let outcome = match prepared {
                    Prepared::No(outcome) => outcome.clone(),
                    Prepared::Yes { statement, .. } => {
                        run(&self.client, "SAVEPOINT statement").await?;
                        let outcome = execute(&self.client, statement, values).await;
                        let end = if outcome.is_ok() {
                            "RELEASE SAVEPOINT statement"
                        } else {
                            "ROLLBACK TO SAVEPOINT statement"
                        };
                        run(&self.client, end).await?;
                        outcome
                    }
                };
                outcomes.push(outcome);
            }
            all.push(outcomes);
        }
        run(&self.client, "ROLLBACK").await?;
        Ok(all)
    }
}

/// Whether any set of values makes the statement write: the server itself refuses that when told to.
async fn writes(
    client: &Client,
    statement: &Statement,
    entry: &CorpusStatement,
) -> Result<bool, VerifyError> {
    const READ_ONLY_TRANSACTION: &str = "25006";
    for values in &entry.parameters {
        run(client, "BEGIN READ ONLY").await?;
        let outcome = execute(client, statement, values).await;
        run(client, "ROLLBACK").await?;
        if matches!(outcome, Outcome::Failed { sqlstate, .. } if sqlstate == READ_ONLY_TRANSACTION)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn run(client: &Client, sql: &str) -> Result<(), VerifyError> {
    client
        .batch_execute(sql)
        .await
        .map_err(VerifyError::sql("running the older release's statements"))
}
