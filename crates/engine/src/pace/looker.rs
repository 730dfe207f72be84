//! Reads the server's statistics four times a second, and says in `changeover.pace` how fast it goes.
//!
//! A task of the sampler, on a connection of its own; ends with it. SQL: `sql/look.sql`, `sql/publish.sql`.

use super::access::Access;
use super::look::{LOOK, look};
use super::shared::{Shared, Standing, locked};
use crate::connection::{self, Connection, Purpose};
use crate::error::{Error, chain};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio_postgres::error::SqlState;

const PUBLISH: &str = include_str!("sql/publish.sql");

/// How often: the statistics change by the second, and a look takes a millisecond.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The first looks come faster: whether somebody else is at work must be known soon.
const LOOK_EVERY_FIRST: Duration = Duration::from_millis(60);
const FIRST_LOOKS: u32 = 6;
/// How often a row is written that says the same but for the figures.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);
/// When a look counts as lost, with its connection.
const LOOK_MAX: Duration = Duration::from_secs(5);
/// The pause before a lost connection is opened again.
const REOPEN_PAUSE: Duration = Duration::from_secs(1);

/// Looks until it is aborted with the sampler.
pub(super) async fn run(shared: Arc<Shared>, access: Arc<Access>) {
    loop {
        if let Err(error) = looks(&shared, &access).await {
            tracing::debug!(error = chain(&error), "the server's statistics not read");
        }
        tokio::time::sleep(REOPEN_PAUSE).await;
    }
}

/// Looks on one connection until it fails.
async fn looks(shared: &Shared, access: &Access) -> Result<(), Error> {
    let connection = connection::open(&access.url, &access.name, Purpose::Pace).await?;
    let mut published: Option<(Instant, Standing)> = None;
    let mut first = FIRST_LOOKS;
    loop {
        if !shared.is_blind.load(Ordering::Relaxed) {
            bounded(&connection, one_look(shared, access, &connection)).await?;
        }
        let standing = shared.standing.borrow().clone();
        let is_due = published.as_ref().is_none_or(|(at, said)| {
            at.elapsed() >= PUBLISH_EVERY
                || said.limited.as_ref().map(|(name, _)| name)
                    != standing.limited.as_ref().map(|(name, _)| name)
        });
        if is_due {
            bounded(&connection, publish(shared, access, &connection, &standing)).await?;
            published = Some((Instant::now(), standing));
        }
        tokio::time::sleep(if first > 0 { LOOK_EVERY_FIRST } else { LOOK_EVERY }).await;
        first = first.saturating_sub(1);
    }
}

async fn bounded(
    connection: &Connection,
    work: impl Future<Output = Result<(), Error>>,
) -> Result<(), Error> {
    if let Ok(outcome) = tokio::time::timeout(LOOK_MAX, work).await {
        return outcome;
    }
    connection.cancel().await;
    Err(Error::Deadline {
        what: "reading the server's statistics".to_owned(),
        limit_ms: u64::try_from(LOOK_MAX.as_millis()).unwrap_or(u64::MAX),
    })
}

/// One look. Where the role or the server doesn't allow the statement at all, the inputs that need it are left out.
async fn one_look(shared: &Shared, access: &Access, connection: &Connection) -> Result<(), Error> {
    let tables = locked(&shared.subject).as_ref().map_or_else(Vec::new, |now| now.tables.clone());
    match look(&connection.client, LOOK, &access.app, &tables).await {
        Ok(look) => *locked(&shared.seen) = Some((Instant::now(), look)),
        Err(Error::Sql { source, .. }) if is_denied(&source) => {
            shared.is_blind.store(true, Ordering::Relaxed);
            let error = chain(&source);
            tracing::warn!(error, "the pace heeds the probe alone: no statistics for this role");
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Whether it will never be answered.
fn is_denied(error: &tokio_postgres::Error) -> bool {
    let never = [
        SqlState::INSUFFICIENT_PRIVILEGE,
        SqlState::FEATURE_NOT_SUPPORTED,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_COLUMN,
    ];
    error.code().is_some_and(|code| never.contains(code))
}

async fn publish(
    shared: &Shared,
    access: &Access,
    connection: &Connection,
    standing: &Standing,
) -> Result<(), Error> {
    let Some(subject) = locked(&shared.subject).clone() else {
        return Ok(());
    };
    let batch_ms = standing.course.batch.as_secs_f64() * 1000.0;
    let name = standing.limited.as_ref().map(|(name, _)| *name);
    let says = standing.limited.as_ref().map(|(_, says)| says.as_str());
    let (app, step) = (&access.app, subject.step.as_str());
    connection
        .client
        .execute(
            PUBLISH,
            &[
                app,
                &access.epoch,
                &access.holder,
                &step,
                &standing.course.share,
                &batch_ms,
                &name,
                &says,
            ],
        )
        .await
        .map_err(|source| Error::sql("saying how fast it goes", source))?;
    Ok(())
}
