//! The floor: the lowest head that may still be alive or come back. Contract steps need it raised.
//!
//! Raising fences first: in one guarded transaction nobody lives below, and nobody below can register
//! again; then the sessions of older heads are ended, in a loop until none is left. Only then do
//! contract steps run, and each checks again under its own lock. psql and `pg_dump` are left alone.

use crate::error::Error;
use crate::pause::PausePoint;
use crate::record::{self, bigint};
use crate::term::GuardedConnection;
use crate::text::{known_text, texts};
use std::time::Duration;
use tokio_postgres::Client;

const RAISE: &str = include_str!("sql/raise.sql");
const BELOW: &str = include_str!("sql/below.sql");
const SESSIONS: &str = include_str!("sql/sessions.sql");
/// A ledger that an older engine made may have no workers yet.
const HAS_WORKERS: &str =
    "SELECT to_regprocedure('changeover.unowned_workers_v1(text, bigint)') IS NOT NULL";
const UNOWNED: &str = "SELECT * FROM changeover.unowned_workers_v1($1, $2)";
const STARTING: &str = include_str!("sql/starting.sql");

/// How often sessions of older heads are looked for before it counts as blocked.
const END_SESSIONS_ROUNDS_MAX: u32 = 100;
/// The pause between two rounds.
const END_SESSIONS_PAUSE: Duration = Duration::from_millis(50);

/// Who lives below a floor; `None`: nobody.
pub async fn below(client: &Client, app: &str, floor: u64) -> Result<Option<String>, Error> {
    let row = client
        .query_one(BELOW, &[&app, &bigint(floor)])
        .await
        .map_err(|source| Error::sql("reading the instances", source))?;
    Ok(known_text(&row, 0))
}

/// Fails where singleton workers would be left with nobody who could own them.
async fn require_owners(client: &Client, app: &str, floor: u64) -> Result<(), Error> {
    let sql = |source| Error::sql("reading who could own the workers", source);
    if !client.query_one(HAS_WORKERS, &[]).await.map_err(sql)?.get::<_, bool>(0) {
        return Ok(());
    }
    let rows = client.query(UNOWNED, &[&app, &bigint(floor)]).await.map_err(sql)?;
    if rows.is_empty() {
        return Ok(());
    }
    Err(Error::WorkersUnowned { floor, workers: texts(&rows) })
}

/// Raises the floor, or says who is in the way ([`Error::FloorBlocked`]) or which workers nobody could own
/// any more ([`Error::WorkersUnowned`]); nothing is changed then. `vouched`
/// are the operator's words for releases that do not register; they are kept.
/// Model: `RaiseFloor`, `CountedAfterRaise`.
pub async fn raise(
    worker: &mut GuardedConnection,
    app: &str,
    floor: u64,
    vouched: Option<&str>,
) -> Result<(), Error> {
    let transaction = worker.begin().await?;
    transaction
        .client()
        .execute(RAISE, &[&app, &bigint(floor)])
        .await
        .map_err(|source| Error::sql("raising the floor", source))?;
    if let Some(reason) = below(transaction.client(), app, floor).await? {
        transaction.rollback().await?;
        return Err(Error::FloorBlocked { floor, reason: format!("alive below it: {reason}") });
    }
    if let Err(error) = require_owners(transaction.client(), app, floor).await {
        transaction.rollback().await?;
        return Err(error);
    }
    let detail = match vouched {
        Some(words) => format!("floor raised to {floor}; vouched for: {words}"),
        None => format!("floor raised to {floor}"),
    };
    record::event(&transaction, app, "floor_raised", None, &detail).await?;
    transaction.commit().await?;
    worker.pause(PausePoint::FloorRaised, None).await;
    end_sessions(worker, app, floor).await?;
    worker.pause(PausePoint::SessionsEnded, None).await;
    Ok(())
}

/// Ends the sessions of heads below the floor, until none is left. Those that were just starting when
/// the floor was raised are waited for until it can be seen whose they are.
pub async fn end_sessions(worker: &GuardedConnection, app: &str, floor: u64) -> Result<(), Error> {
    let mut left = Vec::new();
    let mut starting = starting(worker).await?;
    for _ in 0..END_SESSIONS_ROUNDS_MAX {
        let rows = worker
            .reader()
            .query(SESSIONS, &[&app, &bigint(floor), &true])
            .await
            .map_err(|source| Error::sql("ending sessions below the floor", source))?;
        if !starting.is_empty() {
            let still = self::starting(worker).await?;
            starting.retain(|pid| still.contains(pid));
        }
        if rows.is_empty() && starting.is_empty() {
            return Ok(());
        }
        let pids = rows.iter().map(|row| row.get::<_, i32>(0)).chain(starting.iter().copied());
        left = pids.map(|pid| pid.to_string()).collect();
        if rows.iter().any(|row| !row.get::<_, bool>(1)) {
            return Err(Error::FloorBlocked {
                floor,
                reason: format!(
                    "sessions of older releases are open (pid {}), and the migrating role may not \
                     end them: grant it membership in the service's role",
                    left.join(", ")
                ),
            });
        }
        tokio::time::sleep(END_SESSIONS_PAUSE).await;
    }
    Err(Error::FloorBlocked {
        floor,
        reason: format!(
            "sessions of older releases come back, or some that start do not show whose they are: \
             pid {}",
            left.join(", ")
        ),
    })
}

async fn starting(worker: &GuardedConnection) -> Result<Vec<i32>, Error> {
    let rows = worker
        .reader()
        .query(STARTING, &[])
        .await
        .map_err(|source| Error::sql("looking for sessions that are starting", source))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
