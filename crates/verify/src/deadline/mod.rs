//! No lock request of an upgrade makes others queue behind it for longer than a cap.
//!
//! A request that waits for a lock blocks everybody who comes after it. Whether it carries a deadline
//! cannot be read from outside, so it is proved by observation: beside the upgrade a reader holds every
//! table for seconds, again and again, and each wait of the working backends for a mode that blocks
//! reads or writes is measured. None may be longer than the widest window of the engine's
//! [`changeover::LockLimits`] and a margin. SQL: `sql/`.

mod reader;
mod waits;

use crate::error::VerifyError;
use crate::trial::Trial;
use changeover::Hook;
use changeover_plan::LockMode;
use serde::Serialize;
use std::time::Duration;

/// What a server under load may add to a window: it was not scheduled, or has not yet noticed.
pub const MARGIN: Duration = Duration::from_millis(150);

/// One wait.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wait {
    /// The relation, as the server prints it.
    pub relation: String,
    /// The mode.
    pub mode: LockMode,
    /// How long, as far as was seen.
    pub waited_ms: f64,
}

/// All waits for modes that block reads or writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DeadlineReport {
    /// How many there were.
    pub waits: u64,
    /// The longest.
    pub longest: Option<Wait>,
    /// What none may exceed, margin included.
    pub cap_ms: f64,
    /// Those that did.
    pub findings: Vec<Wait>,
    /// For how many times the reader held all tables.
    pub readings: u64,
    /// How often was looked.
    pub looks: u64,
}

/// Runs the upgrade to its end beside a reader that holds all tables for `reading` each time, and
/// measures its waits against `cap`.
///
/// # Errors
/// When the upgrade fails or cannot be watched. Long waits are findings, no errors.
pub async fn watch(
    trial: &Trial,
    reading: Duration,
    cap: Duration,
) -> Result<DeadlineReport, VerifyError> {
    let reader = reader::start(&trial.superuser_url, reading).await?;
    let watcher = waits::start(&trial.superuser_url, cap + MARGIN).await?;
    let outcome = trial.run(Hook::none(), trial.options.head()).await;
    let report = watcher.end().await;
    let readings = reader.end().await;
    outcome?;
    Ok(DeadlineReport { readings: readings?, ..report? })
}
