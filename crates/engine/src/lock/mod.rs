//! Short locks: taking a lock that blocks a service's reads or writes without ever making the
//! service wait in the queue behind us for longer than a blink.
//!
//! 1. `SHARE UPDATE EXCLUSIVE` first: blocks no reads or writes, and makes autovacuum step aside
//!    (it yields only to a waiter of `deadlock_timeout`). Kept over all tries.
//! 2. `LOCK TABLE … NOWAIT` on all relations in one fixed order, again and again: never queues.
//! 3. If that starves, windows: the statement may queue for some round trips, at most 50 ms, later up to a
//!    bounded cap (`windows`); `lock_timeout` counts per lock, so `statement_timeout` bounds the whole of it.
//! 4. Between two tries the savepoint is rolled back and a jittered pause lets everyone through.
//!
//! Figures and the measurements behind them: `ARCHITECTURE.md`, "Short locks"; `cargo xtask
//! bench-locks` measures them again. SQL: `sql/`.

mod base;
mod blocker;
mod windows;

use crate::error::{Error, chain};
use crate::options::LockLimits;
use crate::term::GuardedTransaction;
use crate::text::texts;
use changeover_plan::{Lock, LockHeld, LockMode, QualifiedName};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio_postgres::Client;
use windows::Windows;

const TABLES: &str = include_str!("sql/tables.sql");

/// Within the first lock's wait autovacuum must have yielded: `deadlock_timeout` (1 s by default)
/// and some more.
const YIELD_WAIT: Duration = Duration::from_millis(2_500);

/// Takes all locks of a step that are held for a blink; leaves the transaction with the bounds for
/// the statements that follow. [`Error::LockNotAvailable`]: bound reached, nothing held.
pub(crate) async fn acquire(
    transaction: &GuardedTransaction<'_>,
    locks: &[Lock],
    limits: &LockLimits,
) -> Result<(), Error> {
    acquire_on(transaction.client(), locks, limits).await
}

/// The same in a transaction that no term guards: for what may be done twice.
pub async fn acquire_on(client: &Client, locks: &[Lock], limits: &LockLimits) -> Result<(), Error> {
    let mut wanted = wanted(locks);
    leave_out_views(client, &mut wanted).await?;
    if !wanted.is_empty() {
        make_autovacuum_yield(client, &wanted).await?;
        take(client, &Request::Locks(&wanted), limits).await?;
    }
    // From here on everything is held; what else the statements might need may not queue long.
    let bounds = format!(
        "SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}",
        limits.window_max.as_millis(),
        limits.statement.as_millis()
    );
    client
        .batch_execute(&bounds)
        .await
        .map_err(|source| Error::sql("setting the bounds of the statement", source))
}

/// `LOCK TABLE` on a view locks the tables under it too, which nobody asked for: the statement itself
/// takes a view's lock, within the bounds that are set afterwards.
async fn leave_out_views(
    client: &Client,
    wanted: &mut BTreeMap<&QualifiedName, LockMode>,
) -> Result<(), Error> {
    let names: Vec<String> = wanted.keys().map(ToString::to_string).collect();
    let rows = client
        .query(TABLES, &[&names])
        .await
        .map_err(|source| Error::sql("looking at what is to be locked", source))?;
    let tables = texts(&rows);
    wanted.retain(|name, _| tables.contains(&name.to_string()));
    Ok(())
}

/// The strongest mode for each relation, in the one order in which everybody takes them.
fn wanted(locks: &[Lock]) -> BTreeMap<&QualifiedName, LockMode> {
    let mut wanted = BTreeMap::new();
    for lock in locks.iter().filter(|lock| lock.held == LockHeld::Blink) {
        let mode = wanted.entry(&lock.relation).or_insert(lock.mode);
        *mode = lock.mode.max(*mode);
    }
    wanted
}

async fn make_autovacuum_yield(
    client: &Client,
    wanted: &BTreeMap<&QualifiedName, LockMode>,
) -> Result<(), Error> {
    client
        .batch_execute(&format!("SET LOCAL lock_timeout = {}", YIELD_WAIT.as_millis()))
        .await
        .map_err(|source| Error::sql("setting the lock bound", source))?;
    for (relation, mode) in wanted {
        if *mode < LockMode::ShareUpdateExclusive {
            continue;
        }
        let statement = format!("LOCK TABLE {relation} IN SHARE UPDATE EXCLUSIVE MODE");
        if let Err(source) = client.batch_execute(&statement).await {
            let mode = LockMode::ShareUpdateExclusive;
            return Err(explain(client, &[(*relation, mode)], YIELD_WAIT, 1, source).await);
        }
    }
    Ok(())
}

/// What is tried again and again.
enum Request<'a> {
    /// `LOCK TABLE` on relations; can be had without queueing.
    Locks(&'a BTreeMap<&'a QualifiedName, LockMode>),
    /// A catalog change that takes its locks itself.
    Statement { relation: &'a QualifiedName, statement: &'a str },
}

impl Request<'_> {
    /// The relations with the modes; a statement that takes its locks itself may need the strongest.
    fn wanted(&self) -> Vec<(&QualifiedName, LockMode)> {
        match self {
            Self::Locks(wanted) => wanted.iter().map(|(name, mode)| (*name, *mode)).collect(),
            Self::Statement { relation, .. } => vec![(relation, LockMode::AccessExclusive)],
        }
    }

    fn sql(&self, window: Option<Duration>) -> String {
        match self {
            Self::Locks(wanted) => request(wanted, window),
            Self::Statement { statement, .. } => format!("{}; {statement}", savepoint(window)),
        }
    }
}

/// Runs a catalog change that takes locks which `LOCK TABLE` cannot (those of indexes), in windows:
/// the whole statement is cancelled at a window's end and tried again later.
pub(crate) async fn run_in_windows(
    transaction: &GuardedTransaction<'_>,
    relation: &QualifiedName,
    statement: &str,
    limits: &LockLimits,
) -> Result<(), Error> {
    let limits = LockLimits { nowait_phase: Duration::ZERO, ..*limits };
    take(transaction.client(), &Request::Statement { relation, statement }, &limits).await
}

async fn take(client: &Client, wanted: &Request<'_>, limits: &LockLimits) -> Result<(), Error> {
    let began = Instant::now();
    // Made when the first is needed.
    let mut windows: Option<Windows> = None;
    let mut tries = 0;
    loop {
        tries += 1;
        let waited = began.elapsed();
        if waited >= limits.nowait_phase && windows.is_none() {
            let base = base::latency(client, &wanted.wanted(), limits.window_max).await?;
            windows = Some(Windows::new(limits, base));
        }
        let queue = windows.as_ref().map(Windows::next);
        let source = match client.batch_execute(&wanted.sql(queue)).await {
            Ok(()) => return Ok(()),
            Err(source) => source,
        };
        let code = source.code().map(tokio_postgres::error::SqlState::code);
        let refused = matches!(code, Some("55P03" | "57014"));
        if !refused || began.elapsed() >= limits.give_up_after {
            return Err(explain(client, &wanted.wanted(), began.elapsed(), tries, source).await);
        }
        client
            .batch_execute("ROLLBACK TO SAVEPOINT short_lock")
            .await
            .map_err(|source| Error::sql("giving the locks back", source))?;
        let waited = began.elapsed();
        if let Some(windows) = &mut windows {
            windows.widen(waited);
        }
        windows::pause(limits, queue, waited).await;
    }
}

/// The beginning of one try; with a window, everything after it is bounded by that.
fn savepoint(window: Option<Duration>) -> String {
    let mut statement = String::from("SAVEPOINT short_lock");
    if let Some(window) = window {
        let ms = window.as_millis();
        statement.push_str(&format!(
            "; SET LOCAL lock_timeout = {ms}; SET LOCAL statement_timeout = {ms}"
        ));
    }
    statement
}

/// One request for all locks. Without a window it never queues; with one the whole of it is bounded.
fn request(wanted: &BTreeMap<&QualifiedName, LockMode>, window: Option<Duration>) -> String {
    let mut statement = savepoint(window);
    let nowait = if window.is_none() { " NOWAIT" } else { "" };
    // Neighbours of one mode go into one statement, since `statement_timeout` counts per statement.
    let mut group: Vec<String> = Vec::new();
    let mut rest = wanted.iter().peekable();
    while let Some((relation, mode)) = rest.next() {
        group.push(relation.to_string());
        if rest.peek().is_none_or(|(_, next)| *next != mode) {
            let relations = group.join(", ");
            statement.push_str(&format!("; LOCK TABLE {relations} IN {mode} MODE{nowait}"));
            group.clear();
        }
    }
    statement
}

/// Rolls back and says who was in the way.
async fn explain(
    client: &Client,
    wanted: &[(&QualifiedName, LockMode)],
    waited: Duration,
    attempts: u32,
    source: tokio_postgres::Error,
) -> Error {
    let code = source.code().map(tokio_postgres::error::SqlState::code);
    if !matches!(code, Some("55P03" | "57014")) {
        return Error::sql("taking locks", source);
    }
    let blockers = match blocker::blockers(client, wanted).await {
        Ok(blockers) if blockers.is_empty() => "nobody any more".to_owned(),
        Ok(blockers) => blockers.join("; "),
        Err(error) => format!("unknown ({})", chain(&error)),
    };
    Error::LockNotAvailable {
        relation: wanted.iter().map(|(name, _)| name.plain()).collect::<Vec<_>>().join(", "),
        waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
        attempts,
        blockers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(name: &str, mode: LockMode, held: LockHeld) -> Lock {
        Lock { relation: QualifiedName::new("public", name), mode, held }
    }

    #[test]
    fn requests_have_one_order_and_the_strongest_mode() {
        let locks = [
            lock("b", LockMode::ShareRowExclusive, LockHeld::Blink),
            lock("a", LockMode::ShareRowExclusive, LockHeld::Blink),
            lock("b", LockMode::AccessExclusive, LockHeld::Blink),
            lock("c", LockMode::ShareUpdateExclusive, LockHeld::WholeStep),
        ];
        let wanted = wanted(&locks);
        assert_eq!(
            request(&wanted, None),
            "SAVEPOINT short_lock; LOCK TABLE \"public\".\"a\" IN SHARE ROW EXCLUSIVE MODE NOWAIT; \
             LOCK TABLE \"public\".\"b\" IN ACCESS EXCLUSIVE MODE NOWAIT"
        );
        let same = [locks[1].clone(), lock("d", LockMode::ShareRowExclusive, LockHeld::Blink)];
        assert_eq!(
            request(&super::wanted(&same), None),
            "SAVEPOINT short_lock; LOCK TABLE \"public\".\"a\", \"public\".\"d\" \
             IN SHARE ROW EXCLUSIVE MODE NOWAIT"
        );
        assert!(
            request(&wanted, Some(Duration::from_millis(20))).contains("statement_timeout = 20")
        );
    }
}
