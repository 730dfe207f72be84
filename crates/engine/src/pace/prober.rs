//! Sends a trivial statement and a commit, forty times a second, and notes how long each took.
//!
//! A task of the sampler, on a connection of its own; ends with it. Open loop: while one gets no answer, those
//! that were due meanwhile are noted with the time they have waited so far, so a stall weighs what it weighs for
//! clients. SQL: `sql/probe_row.sql`.

use super::access::Access;
use super::shared::{Shared, locked};
use super::window::Window;
use crate::connection::{self, Connection, Purpose};
use crate::error::{Error, chain};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::types::ToSql;

const PROBE_ROW: &str = include_str!("sql/probe_row.sql");
const COMMIT: &str = "UPDATE changeover.probe SET number = number + 1 WHERE app = $1";
const TRIVIAL: &str = "SELECT 1";

/// How often. Forty a second give a p95 within a second and cost a small server two of a hundred of its commits.
const PROBE_EVERY: Duration = Duration::from_millis(25);
/// When a probe counts as lost, with its connection.
const PROBE_MAX: Duration = Duration::from_secs(5);
/// The pause before a lost connection is opened again.
const REOPEN_PAUSE: Duration = Duration::from_secs(1);

/// Probes until it is aborted with the sampler.
pub(super) async fn run(shared: Arc<Shared>, access: Arc<Access>) {
    let mut standing = shared.standing.subscribe();
    loop {
        if standing.wait_for(|standing| standing.is_probed).await.is_err() {
            return;
        }
        let Err(error) = probe(&shared, &access).await else {
            continue;
        };
        tracing::debug!(error = chain(&error), "the probe gets no answer");
        locked(&shared.probes).failed = Some(chain(&error));
        tokio::time::sleep(REOPEN_PAUSE).await;
    }
}

/// Probes on one connection, until no probe is wanted or one fails.
async fn probe(shared: &Shared, access: &Access) -> Result<(), Error> {
    let sql = |source| Error::sql("probing the database", source);
    let connection = connection::open(&access.url, &access.name, Purpose::Pace).await?;
    let client = &connection.client;
    client.execute(PROBE_ROW, &[&access.app]).await.map_err(sql)?;
    let commit = client.prepare(COMMIT).await.map_err(sql)?;
    let trivial = client.prepare(TRIVIAL).await.map_err(sql)?;
    let app: [&(dyn ToSql + Sync); 1] = [&access.app];
    let mut due = tokio::time::interval(PROBE_EVERY);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    while shared.standing.borrow().is_probed {
        due.tick().await;
        let statement = client.query(&trivial, &[]);
        timed(shared, &connection, |window| window.0, statement).await?;
        let statement = client.execute(&commit, &app);
        timed(shared, &connection, |window| window.1, statement).await?;
        locked(&shared.probes).failed = None;
    }
    Ok(())
}

type Windows<'a> = (&'a mut Window, &'a mut Window);

async fn timed<T>(
    shared: &Shared,
    connection: &Connection,
    window: impl for<'a> Fn(Windows<'a>) -> &'a mut Window,
    statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<(), Error> {
    let began = Instant::now();
    let mut statement = pin!(statement);
    let note = || {
        let mut probes = locked(&shared.probes);
        let probes = &mut *probes;
        window((&mut probes.statements, &mut probes.commits)).add(began.elapsed());
    };
    while began.elapsed() < PROBE_MAX {
        tokio::select! {
            outcome = &mut statement => {
                note();
                return outcome.map(|_| ()).map_err(|source| Error::sql("probing the database", source));
            }
            () = tokio::time::sleep(PROBE_EVERY) => note(),
        }
    }
    connection.cancel().await;
    Err(Error::Deadline {
        what: "probing the database".to_owned(),
        limit_ms: u64::try_from(PROBE_MAX.as_millis()).unwrap_or(u64::MAX),
    })
}
