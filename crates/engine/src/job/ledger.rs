//! Calls of the queue's functions in the ledger (`sql/`), typed, so that they leave no named statement
//! behind on a pooled connection.

use super::claimed::{Claimed, Job};
use super::handler::Handler;
use super::place::Place;
use crate::error::Error;
use crate::fence::lease::milliseconds;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

/// A claim is lost with the server's crash, and that does no harm; a claim that takes longer than this is
/// late, and must not be committed when nobody waits for it any more.
const BEGIN_CLAIM: &str = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; \
    SET LOCAL synchronous_commit = off; SET LOCAL statement_timeout = '5s'; \
    SET LOCAL idle_in_transaction_session_timeout = '5s'";

/// In the order in which [`of_one_kind`] takes them.
const CLAIM: &str = "SELECT kind, version, ids, attempts, places, alone \
    FROM changeover.claim_unread_v1($1, $2, $3, $4)";
const CLAIM_UNKNOWN: &str =
    "SELECT id, kind, version, attempt FROM changeover.claim_unknown_v1($1, $2)";
/// In the order in which [`Job::read`] takes them.
const READ: &str = "SELECT id, attempt, payload, enqueued_at, run_at, failures, crashes \
    FROM changeover.read_jobs_v1($1, $2, $3)";

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

    pub(super) fn ids(&self) -> &[i64] {
        match self {
            Self::Failed { job, .. } | Self::Unknown { job, .. } => std::slice::from_ref(job),
            Self::GivenBack { jobs, .. } => jobs,
        }
    }
}

pub(super) async fn declare(
    client: &Client,
    instance: Uuid,
    handler: &Handler,
) -> Result<(), Error> {
    let limits = handler.limits();
    for version in handler.versions() {
        client
            .query_typed(
                "SELECT changeover.declare_job_v1($1, $2, $3, $4, $5, $6)",
                &[
                    (&instance, Type::UUID),
                    (&handler.kind(), Type::TEXT),
                    (version, Type::INT4),
                    (&limits.max_attempts, Type::INT4),
                    (&limits.max_crashes, Type::INT4),
                    (&limits.at_most_once, Type::BOOL),
                ],
            )
            .await
            .map_err(|source| Error::sql("declaring a kind of job", source))?;
    }
    Ok(())
}

/// Opens what is due and returns what the dead have claimed.
pub(super) async fn tend(client: &Client, instance: Uuid) -> Result<(), Error> {
    client
        .query_typed("SELECT changeover.tend_jobs_v1($1)", &[(&instance, Type::UUID)])
        .await
        .map_err(|source| Error::sql("tending the jobs", source))?;
    Ok(())
}

/// Claims jobs; all statements in one round trip.
pub(super) async fn claim(
    client: &Client,
    instance: Uuid,
    at_most: i32,
    limits: &[(String, i32)],
) -> Result<Vec<Claimed>, Error> {
    let sql = |source| Error::sql("claiming jobs", source);
    let kinds: Vec<&str> = limits.iter().map(|(kind, _)| kind.as_str()).collect();
    let counts: Vec<i32> = limits.iter().map(|(_, count)| *count).collect();
    let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] = [
        (&instance, Type::UUID),
        (&at_most, Type::INT4),
        (&kinds, Type::TEXT_ARRAY),
        (&counts, Type::INT4_ARRAY),
    ];
    let (begun, rows, committed) = tokio::join!(
        biased;
        client.batch_execute(BEGIN_CLAIM),
        client.query_typed(CLAIM, &parameters),
        client.batch_execute("COMMIT"),
    );
    begun.map_err(sql)?;
    let rows = rows.map_err(sql)?;
    committed.map_err(sql)?;
    let mut claimed = Vec::new();
    for row in &rows {
        claimed.extend(of_one_kind(row).map_err(sql)?);
    }
    Ok(claimed)
}

/// What a row of `claim_unread_v1` says.
fn of_one_kind(row: &Row) -> Result<Vec<Claimed>, tokio_postgres::Error> {
    let (kind, version): (&str, i32) = (row.try_get(0)?, row.try_get(1)?);
    let (ids, attempts): (Vec<i64>, Vec<i32>) = (row.try_get(2)?, row.try_get(3)?);
    let places: Vec<Place> = row.try_get(4)?;
    let alone: Vec<i64> = row.try_get::<_, Option<Vec<i64>>>(5)?.unwrap_or_default();
    let alone: HashSet<i64> = alone.into_iter().collect();
    let kind: Arc<str> = kind.into();
    let jobs = ids.into_iter().zip(attempts).zip(places);
    Ok(jobs
        .map(|((id, attempt), place)| Claimed {
            id,
            kind: Arc::clone(&kind),
            version,
            attempt,
            place: Some(place),
            is_alone: alone.contains(&id),
        })
        .collect())
}

/// Claims jobs whose outcome is unknown. Durable: who asks is told apart from who called.
pub(super) async fn claim_unknown(
    client: &Client,
    instance: Uuid,
    at_most: i32,
) -> Result<Vec<Claimed>, Error> {
    let sql = |source| Error::sql("claiming jobs of unknown outcome", source);
    let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
        [(&instance, Type::UUID), (&at_most, Type::INT4)];
    let rows = client.query_typed(CLAIM_UNKNOWN, &parameters).await.map_err(sql)?;
    let claimed = rows.iter().map(|row| {
        Ok(Claimed {
            id: row.try_get(0)?,
            kind: row.try_get::<_, &str>(1)?.into(),
            version: row.try_get(2)?,
            attempt: row.try_get(3)?,
            place: None,
            is_alone: true,
        })
    });
    claimed.collect::<Result<_, _>>().map_err(sql)
}

/// Reads claimed jobs, in their order. Those that are missing are not ours any more.
pub(super) async fn read(
    client: &Client,
    instance: Uuid,
    app: &str,
    claimed: &[Claimed],
) -> Result<Vec<Job>, Error> {
    let sql = |source| Error::sql("reading claimed jobs", source);
    let app: Arc<str> = app.into();
    let ids: Vec<i64> = claimed.iter().map(|job| job.id).collect();
    let places: Vec<Place> = claimed.iter().filter_map(|job| job.place).collect();
    let rows = client
        .query_typed(
            READ,
            &[(&instance, Type::UUID), (&ids, Type::INT8_ARRAY), (&places, Type::TID_ARRAY)],
        )
        .await
        .map_err(sql)?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let of: (i64, i32) = (row.try_get(0).map_err(sql)?, row.try_get(1).map_err(sql)?);
        found.insert(of, row);
    }
    let rows = claimed.iter().filter_map(|job| Some((job, found.get(&(job.id, job.attempt))?)));
    rows.map(|(job, row)| Job::read(&app, job, row).map_err(sql)).collect()
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
/// no error: others have taken care of them. Returns how many were given back.
pub(super) async fn tell(client: &Client, instance: Uuid, ending: &Ending) -> Result<i64, Error> {
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
