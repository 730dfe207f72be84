//! A claimed job: claiming it, what is known of it while it waits, and reading it when it begins.
//!
//! The calls are those of `crates/ledger/src/bootstrap/sql/job/claim_0002.sql`, typed, so that they leave no
//! named statement behind on a pooled connection. One connection claims ([`super::fetch`]); each unit reads
//! its jobs on its own ([`super::transaction`]).

use crate::error::Error;
use bytes::BytesMut;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
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

/// A job that this process has claimed, and reads when it begins it: others may end the claim until then.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub(super) id: i64,
    pub(super) kind: Arc<str>,
    pub(super) version: i32,
    pub(super) attempt: i32,
    pub(super) place: Option<Place>,
    /// To be run in a transaction of its own: it has failed before, or a process has died with it.
    pub(super) is_alone: bool,
}

/// A job that this process has claimed.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its number, unique in the database.
    pub id: i64,
    /// What is to be done.
    pub kind: String,
    /// The version of the payload.
    pub version: i32,
    /// Counts claims, and only grows; also when a job was given back without having begun. A receiver
    /// that can store the highest number it has seen for an idempotency key can refuse lower ones.
    pub attempt: i32,
    /// How often it has failed so far; after `max_attempts` it is given up.
    pub failures: i32,
    /// How often its process has died while it had claimed it.
    pub crashes: i32,
    /// What was enqueued.
    pub payload: Value,
    /// When.
    pub enqueued_at: Timestamp,
    /// From when on it was to be run.
    pub run_at: Timestamp,
    app: Arc<str>,
}

impl Job {
    /// Of what `read_jobs_v1` has returned for a claimed job.
    pub(super) fn read(
        app: &Arc<str>,
        claimed: &Claimed,
        row: &Row,
    ) -> Result<Self, tokio_postgres::Error> {
        // By place: looking up names costs as much as all the rest of a row.
        Ok(Self {
            id: claimed.id,
            kind: (*claimed.kind).to_owned(),
            version: claimed.version,
            attempt: claimed.attempt,
            payload: row.try_get(2)?,
            enqueued_at: row.try_get(3)?,
            run_at: row.try_get(4)?,
            failures: row.try_get(5)?,
            crashes: row.try_get(6)?,
            app: Arc::clone(app),
        })
    }

    /// A key for what leaves the database (mail, webhooks): the same in every attempt, and another one
    /// for every job, also of a database that was made again.
    pub fn idempotency_key(&self) -> String {
        format!("{}.job.{}.{}", self.app, self.id, self.enqueued_at.as_microsecond())
    }
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
    let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
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
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
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

/// Reads claimed jobs, in their order. Those that are missing are not ours any more. Fails where one of them
/// cannot be taken in (a number that is none in JSON as we read it, say): the error names it.
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
    let jobs = rows.map(|(job, row)| {
        Job::read(&app, job, row)
            .map_err(|source| Error::sql(format!("reading job {} of {}", job.id, job.kind), source))
    });
    jobs.collect()
}

/// Where a job's row lay when it was claimed: PostgreSQL's `ctid` as it goes over the wire, block and offset
/// within it, four and two bytes, big-endian. Only a hint for reading it quickly (see `read_jobs_v1`): a row
/// that was written since lies elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place([u8; 6]);

impl<'a> FromSql<'a> for Place {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw.try_into()?))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TID
    }
}

impl ToSql for Place {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TID
    }

    to_sql_checked!();
}
