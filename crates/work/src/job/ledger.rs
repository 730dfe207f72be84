//! Calls of the queue's functions in the ledger (`sql/`), typed, so that they leave no named statement
//! behind on a pooled connection.

use super::claim::{Claimed, Job};
use crate::error::Error;
use changeover_ledger::number::milliseconds;
use std::time::Duration;
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// What became of a job that was not finished.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    Failed { job: i64, attempt: i32, why: String, pause: Option<Duration>, give_up: bool },
    Unknown { job: i64, attempt: i32, why: String },
    GivenBack { jobs: Vec<i64>, attempts: Vec<i32> },
}

impl Ending {
    pub(super) fn given_back(jobs: &[Claimed]) -> Self {
        Self::GivenBack {
            jobs: jobs.iter().map(|job| job.id).collect(),
            attempts: jobs.iter().map(|job| job.attempt).collect(),
        }
    }

    /// The same jobs, given back: says nothing that could be refused.
    fn without_text(&self) -> Option<Self> {
        match self {
            Self::Failed { job, attempt, .. } | Self::Unknown { job, attempt, .. } => {
                Some(Self::GivenBack { jobs: vec![*job], attempts: vec![*attempt] })
            }
            Self::GivenBack { .. } => None,
        }
    }

    pub(super) fn ids(&self) -> &[i64] {
        match self {
            Self::Failed { job, .. } | Self::Unknown { job, .. } => std::slice::from_ref(job),
            Self::GivenBack { jobs, .. } => jobs,
        }
    }
}

/// Opens what is due and returns what the dead have claimed.
pub(super) async fn tend(client: &Client, instance: Uuid) -> Result<(), Error> {
    client
        .query_typed("SELECT changeover.tend_jobs_v1($1)", &[(&instance, Type::UUID)])
        .await
        .map_err(|source| Error::sql("tending the jobs", source))?;
    Ok(())
}

/// Says, durably, that the call outside is made now.
pub(super) async fn mark(client: &Client, instance: Uuid, job: &Claimed) -> Result<(), Error> {
    client
        .query_typed(
            "SELECT changeover.mark_v1($1, $2, $3)",
            &[(&instance, Type::UUID), (&job.id, Type::INT8), (&job.attempt, Type::INT4)],
        )
        .await
        .map_err(|source| Error::sql("marking a job as called", source))?;
    Ok(())
}

pub(super) async fn finish(client: &Client, instance: Uuid, jobs: &[Job]) -> Result<(), Error> {
    let ids: Vec<i64> = jobs.iter().map(|job| job.id).collect();
    let attempts: Vec<i32> = jobs.iter().map(|job| job.attempt).collect();
    client
        .query_typed(
            "SELECT changeover.finish_v1($1, $2, $3)",
            &[(&instance, Type::UUID), (&ids, Type::INT8_ARRAY), (&attempts, Type::INT4_ARRAY)],
        )
        .await
        .map_err(|source| Error::sql("finishing jobs", source))?;
    Ok(())
}

/// Tells the ledger what became of jobs, in a transaction of its own. That they are not ours any more is
/// no error: others have taken care of them. What is refused for good is given back. Returns how many were.
pub(super) async fn tell(client: &Client, instance: Uuid, ending: &Ending) -> Result<i64, Error> {
    match (tell_once(client, instance, ending).await, ending.without_text()) {
        (Err(error), Some(instead)) if !error.is_retryable() => {
            let (jobs, error) = (ending.ids(), crate::error::chain(&error));
            tracing::error!(
                ?jobs,
                error,
                "the ledger refuses what became of a job; it is given back"
            );
            tell_once(client, instance, &instead).await
        }
        (told, _) => told,
    }
}

/// Tells all of it, the last first, and takes what was told off the list. What the ledger will never take is
/// dropped: the jobs are returned when this instance ends, and all others must not wait for them.
pub(super) async fn tell_all(
    client: &Client,
    instance: Uuid,
    undelivered: &mut Vec<Ending>,
) -> Result<(), Error> {
    while let Some(ending) = undelivered.last() {
        match tell(client, instance, ending).await {
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => {
                let (jobs, error) = (ending.ids(), crate::error::chain(&error));
                tracing::error!(?jobs, error, "not given back: left to the rescue");
            }
            Ok(_) => {}
        }
        undelivered.pop();
    }
    Ok(())
}

async fn tell_once(client: &Client, instance: Uuid, ending: &Ending) -> Result<i64, Error> {
    let told = match ending {
        Ending::Failed { job, attempt, why, pause, give_up } => {
            let pause_ms = pause.map(milliseconds);
            client
                .query_typed(
                    "SELECT changeover.fail_v1($1, $2, $3, $4, $5, $6)",
                    &[
                        (&instance, Type::UUID),
                        (job, Type::INT8),
                        (attempt, Type::INT4),
                        (why, Type::TEXT),
                        (&pause_ms, Type::INT8),
                        (give_up, Type::BOOL),
                    ],
                )
                .await
        }
        Ending::Unknown { job, attempt, why } => {
            client
                .query_typed(
                    "SELECT changeover.set_unknown_v1($1, $2, $3, $4)",
                    &[
                        (&instance, Type::UUID),
                        (job, Type::INT8),
                        (attempt, Type::INT4),
                        (why, Type::TEXT),
                    ],
                )
                .await
        }
        Ending::GivenBack { jobs, attempts } => {
            client
                .query_typed(
                    "SELECT changeover.unclaim_v1($1, $2, $3)",
                    &[
                        (&instance, Type::UUID),
                        (jobs, Type::INT8_ARRAY),
                        (attempts, Type::INT4_ARRAY),
                    ],
                )
                .await
        }
    };
    match told.map_err(|source| Error::sql("telling what became of a job", source)) {
        Ok(rows) => match ending {
            Ending::GivenBack { .. } => Ok(rows.first().map_or(0, |row| row.get(0))),
            _ => Ok(0),
        },
        Err(error) if is_not_mine(&error) => {
            tracing::debug!(jobs = ?ending.ids(), "not ours any more");
            Ok(0)
        }
        Err(error) => Err(error),
    }
}

/// Gives back what a lost answer may have claimed.
pub(super) async fn give_back_others(
    client: &Client,
    instance: Uuid,
    known: &[i64],
) -> Result<i64, Error> {
    let row = client
        .query_typed_one(
            "SELECT changeover.unclaim_others_v1($1, $2)",
            &[(&instance, Type::UUID), (&known, Type::INT8_ARRAY)],
        )
        .await
        .map_err(|source| Error::sql("giving back what a lost claim may have claimed", source))?;
    Ok(row.get(0))
}

/// Whether somebody else has the job now.
pub(super) fn is_not_mine(error: &Error) -> bool {
    error.sqlstate() == Some(crate::error::SQLSTATE_NOT_CLAIMED)
}
