//! Makes a report by the clock: a file in a folder, a row that says so, and a mail.
//!
//! The library's schedule enqueues each scheduled time once; this is what the job does. File and row may
//! be made again by a later attempt and come out the same. The mail leaves the database, so that it can
//! be sent a second time by an attempt that died after sending it: its `Message-ID` is the job's
//! idempotency key, by which the mail server can tell. SQL: `report/`.

use changeover_work::{BoxFuture, Job, JobError, JobHandler, JobTransaction};
use jiff::Timestamp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, message::Mailbox};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio_postgres::{Client, types::Type};
use uuid::Uuid;

/// The job's kind, and the version of its payload: what the library's schedules enqueue.
pub const KIND: &str = "report";
/// See [`KIND`].
pub const VERSION: i32 = 1;

/// For how long the mail server may take to answer a command. Below a job's share of a drain.
const MAIL_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a report was not made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A statement failed.
    #[error("the report could not be read or recorded")]
    Sql(#[from] tokio_postgres::Error),
    /// The file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The mail cannot be written.
    #[error("the mail is malformed")]
    Mail(#[from] lettre::error::Error),
    /// An address is none.
    #[error("the mail address is malformed")]
    Address(#[from] lettre::address::AddressError),
    /// The mail server has not taken it.
    #[error("the mail server has not taken the report")]
    Smtp(#[from] lettre::transport::smtp::Error),
}

/// What a schedule of the library enqueues.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tick {
    schedule: String,
    scheduled_at: Timestamp,
}

/// Where reports go.
#[derive(Clone, Debug)]
pub struct ReportSettings {
    /// The folder of the files.
    pub folder: PathBuf,
    /// The relay, beside us and without encryption; none: no mail.
    pub smtp: Option<SocketAddr>,
    /// To whom.
    pub recipient: String,
}

/// One report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The schedule's name.
    pub schedule: String,
    /// For which scheduled time.
    pub scheduled_at: Timestamp,
    /// The file's content.
    pub text: String,
}

/// Entries of the index that one statement counts: some milliseconds.
const PIECE_ROWS: i64 = 10_000;

/// Reads what the report says: all alerts up to then, in pieces, each a statement of its own.
///
/// # Errors
/// When a statement fails.
pub async fn read(
    transaction: &Client,
    schedule: &str,
    scheduled_at: Timestamp,
) -> Result<Report, ReportError> {
    let mut counts: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut after = (String::new(), String::new(), Timestamp::UNIX_EPOCH, Uuid::nil());
    // Ends since each piece begins behind the one before it, and only what is new may come behind all.
    loop {
        let rows = transaction
            .query_typed(
                include_str!("report/alerts_by_severity.sql"),
                &[
                    (&scheduled_at, Type::TIMESTAMPTZ),
                    (&after.0, Type::TEXT),
                    (&after.1, Type::TEXT),
                    (&after.2, Type::TIMESTAMPTZ),
                    (&after.3, Type::UUID),
                    (&PIECE_ROWS, Type::INT8),
                ],
            )
            .await?;
        let mut read = 0;
        for row in &rows {
            let (severity, state): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            read += row.try_get::<_, i64>(3)?;
            after = (severity.clone(), state.clone(), row.try_get(4)?, row.try_get(5)?);
            *counts.entry((severity, state)).or_default() += row.try_get::<_, i64>(2)?;
        }
        if read < PIECE_ROWS {
            break;
        }
    }
    let mut text = String::from("severity,state,alerts\n");
    for ((severity, state), alerts) in counts.into_iter().filter(|(_, alerts)| *alerts > 0) {
        // Writing to a string cannot fail.
        writeln!(text, "{severity},{state},{alerts}").ok();
    }
    Ok(Report { schedule: schedule.to_owned(), scheduled_at, text })
}

/// Writes the file; whole or not at all, and the same file for every attempt.
///
/// # Errors
/// When the folder cannot be written to.
pub fn write(report: &Report, folder: &Path, key: &str) -> Result<PathBuf, ReportError> {
    let name = format!("{}-{}", report.schedule, report.scheduled_at.as_second());
    let path = folder.join(format!("{name}.csv"));
    let unwritten = |source| ReportError::Write { path: path.clone(), source };
    std::fs::create_dir_all(folder).map_err(unwritten)?;
    // A name of its own for each attempt: two that write at once must not meet in one file.
    let part = folder.join(format!("{name}.{key}.{}.part", std::process::id()));
    std::fs::write(&part, &report.text).map_err(unwritten)?;
    std::fs::rename(&part, &path).map_err(unwritten)?;
    Ok(path)
}

/// Sends it; `key` becomes the mail's `Message-ID`.
///
/// # Errors
/// When the server does not take it.
pub async fn send(
    report: &Report,
    smtp: SocketAddr,
    recipient: &str,
    key: &str,
) -> Result<(), ReportError> {
    let sender: Mailbox = "central <central@localhost>".parse()?;
    let message = Message::builder()
        .message_id(Some(format!("<{key}@central>")))
        .from(sender)
        .to(recipient.parse()?)
        .subject(format!("{} of {}", report.schedule, report.scheduled_at))
        .body(report.text.clone())?;
    let mailer = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(smtp.ip().to_string())
        .port(smtp.port())
        .timeout(Some(MAIL_TIMEOUT))
        .build();
    mailer.send(message).await?;
    Ok(())
}

/// Says in the database that it was made.
///
/// # Errors
/// When the statement fails.
pub async fn record(transaction: &Client, report: &Report, file: &Path) -> Result<(), ReportError> {
    transaction
        .execute_typed(
            include_str!("report/record.sql"),
            &[
                (&report.schedule, Type::TEXT),
                (&report.scheduled_at, Type::TIMESTAMPTZ),
                (&file.to_string_lossy(), Type::TEXT),
            ],
        )
        .await?;
    Ok(())
}

/// Runs the jobs.
#[derive(Debug)]
pub(super) struct ReportMaker {
    to: ReportSettings,
}

impl ReportMaker {
    pub(super) fn new(to: ReportSettings) -> Self {
        Self { to }
    }
}

impl JobHandler for ReportMaker {
    fn kind(&self) -> &str {
        KIND
    }

    fn versions(&self) -> &[i32] {
        &[VERSION]
    }

    fn run<'a>(
        &'a self,
        job: &'a Job,
        transaction: &'a mut JobTransaction,
    ) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(async move {
            let tick = Tick::deserialize(&job.payload)?;
            let key = job.idempotency_key();
            let report = read(transaction.client(), &tick.schedule, tick.scheduled_at).await?;
            let file = write(&report, &self.to.folder, &key)?;
            record(transaction.client(), &report, &file).await?;
            // Last, so that the commit follows at once: what lies between may be sent again.
            if let Some(smtp) = self.to.smtp {
                send(&report, smtp, &self.to.recipient, &key).await?;
            }
            Ok(())
        })
    }
}
