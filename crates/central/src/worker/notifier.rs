//! Tells notifiers of alerts, by webhook, again and again until they have taken it.
//!
//! A job is enqueued in the transaction that stores the alert ([`enqueue`]): both are there, or neither;
//! nothing waits in the memory of a process. The call leaves the database: its header `Idempotency-Key`
//! is the job's, the same for every attempt, by which the receiver can tell.
//!
//! Payload versions: 1 is one alert for one notifier ([`One`]). 2, since release 4.10, is one alert for
//! all its notifiers with how often it was enforced ([`Many`]); 4.10 runs both, older releases 1 alone,
//! so that 2 is enqueued only from the switch to 4.10 on. SQL: `notifier/`.

use bytes::Bytes;
use changeover_work::{BoxFuture, Job, JobError, JobHandler, JobLimits, JobTransaction};
use http_body_util::Full;
use hyper::{Method, Request, StatusCode};
use hyper_util::{
    client::legacy::{Client as HttpClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use tokio_postgres::{Client, types::Type};
use uuid::Uuid;

/// The job's kind.
pub const KIND: &str = "notify_alert";

/// How long a receiver may take. Below a job's share of a drain.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a job may take: some notifiers that do not answer, one after the other.
const RUN_MAX: Duration = Duration::from_secs(60);

/// Why a notifier was not told.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// A statement failed.
    #[error("the notification could not be read or recorded")]
    Sql(#[from] tokio_postgres::Error),
    /// The payload is not what its version says.
    #[error("the payload is malformed")]
    Payload(#[from] serde_json::Error),
    /// There is no such version.
    #[error("version {0} of the payload is unknown")]
    Version(i32),
    /// The address is none.
    #[error("the address `{0}` is malformed")]
    Address(String),
    /// Nobody answered.
    #[error("{endpoint} cannot be reached")]
    Call {
        /// Whom.
        endpoint: String,
        /// Why.
        #[source]
        source: hyper_util::client::legacy::Error,
    },
    /// No answer in time.
    #[error("{0} has not answered in time")]
    Timeout(String),
    /// It answered something else than that it took it.
    #[error("{endpoint} answered {status}")]
    Refused {
        /// Who.
        endpoint: String,
        /// What.
        status: StatusCode,
    },
}

/// Version 1 of the payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct One {
    /// The alert.
    pub alert_id: Uuid,
    /// Whom to tell.
    pub notifier_id: Uuid,
}

/// Version 2 of the payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Many {
    /// The alert.
    pub alert_id: Uuid,
    /// Whom to tell.
    pub notifier_ids: Vec<Uuid>,
    /// How often the alert was enforced.
    pub enforcement_count: i32,
}

/// What is to be said to whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The alert.
    pub alert_id: Uuid,
    /// Whom.
    pub notifier_id: Uuid,
    /// Where.
    pub endpoint: String,
    /// What.
    pub body: Value,
}

/// Enqueues jobs for alerts that were stored in this transaction, in the highest version of the payload
/// that may be enqueued now, up to `version_max`. Costs one statement, and none a job where there is no
/// notifier. Returns how many jobs there are.
///
/// # Errors
/// When the statement fails.
pub async fn enqueue(
    transaction: &(impl tokio_postgres::GenericClient + Sync),
    app: &str,
    alerts: &[Value],
    version_max: i32,
) -> Result<usize, tokio_postgres::Error> {
    let rows = transaction
        .query_typed(
            include_str!("notifier/enqueue.sql"),
            &[
                (&app, Type::TEXT),
                (&KIND, Type::TEXT),
                (&version_max, Type::INT4),
                (&alerts, Type::JSONB_ARRAY),
            ],
        )
        .await?;
    Ok(rows.len())
}

/// Reads whom a job tells what. Notifiers that are gone are told nothing.
///
/// # Errors
/// When the payload is malformed or a statement fails.
pub async fn calls(
    transaction: &Client,
    version: i32,
    payload: &Value,
) -> Result<Vec<Call>, NotifyError> {
    let many = match version {
        1 => {
            let one = One::deserialize(payload)?;
            Many {
                alert_id: one.alert_id,
                notifier_ids: vec![one.notifier_id],
                enforcement_count: 0,
            }
        }
        2 => Many::deserialize(payload)?,
        other => return Err(NotifyError::Version(other)),
    };
    let rows = transaction
        .query_typed(
            include_str!("notifier/endpoints.sql"),
            &[(&many.notifier_ids, Type::UUID_ARRAY)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Call {
                alert_id: many.alert_id,
                notifier_id: row.try_get(0)?,
                endpoint: row.try_get(1)?,
                body: payload.clone(),
            })
        })
        .collect()
}

/// Calls the webhook; done when it answers with success.
///
/// # Errors
/// When it does not.
pub async fn send(call: &Call, key: &str) -> Result<(), NotifyError> {
    let endpoint = || call.endpoint.clone();
    let request = Request::builder()
        .method(Method::POST)
        .uri(&call.endpoint)
        .header("content-type", "application/json")
        // One for each receiver: a job may have several.
        .header("idempotency-key", format!("{key}/{}", call.notifier_id))
        .body(Full::new(Bytes::from(call.body.to_string())))
        .map_err(|_| NotifyError::Address(endpoint()))?;
    let client: HttpClient<HttpConnector, Full<Bytes>> =
        HttpClient::builder(TokioExecutor::new()).build_http();
    let answer = tokio::time::timeout(CALL_TIMEOUT, client.request(request))
        .await
        .map_err(|_| NotifyError::Timeout(endpoint()))?
        .map_err(|source| NotifyError::Call { endpoint: endpoint(), source })?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(NotifyError::Refused { endpoint: endpoint(), status: answer.status() })
}

/// Says in the database that a notifier was told.
///
/// # Errors
/// When the statement fails.
pub async fn record(transaction: &Client, call: &Call) -> Result<(), NotifyError> {
    transaction
        .execute_typed(
            include_str!("notifier/record.sql"),
            &[(&call.alert_id, Type::UUID), (&call.notifier_id, Type::UUID)],
        )
        .await?;
    Ok(())
}

/// Runs the jobs.
#[derive(Debug)]
pub(super) struct Notifier {
    versions: &'static [i32],
}

impl Notifier {
    pub(super) fn new(versions: &'static [i32]) -> Self {
        Self { versions }
    }
}

impl JobHandler for Notifier {
    fn kind(&self) -> &str {
        KIND
    }

    fn versions(&self) -> &[i32] {
        self.versions
    }

    fn limits(&self) -> JobLimits {
        JobLimits { run_max: RUN_MAX, ..JobLimits::default() }
    }

    fn run<'a>(
        &'a self,
        job: &'a Job,
        transaction: &'a mut JobTransaction,
    ) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(async move {
            let client = transaction.client();
            for call in calls(client, job.version, &job.payload).await? {
                record(client, &call).await?;
                send(&call, &job.idempotency_key()).await?;
            }
            Ok(())
        })
    }
}
