//! Online migrations: the ledger tells each step's state, times and locks. SQL: `steps.sql`.

use anyhow::Context;
use changeover::status::{Status, StatusReader};
use changeover_central::{database, upgrade::online::APP};
use changeover_plan::{Lock, LockHeld, Step};
use tokio_postgres::{Client, Row};

use super::Clock;
use crate::demo::run::record::{LockRecord, StepRecord};

/// Looks at the ledger.
pub(in crate::demo::run) struct Ledger {
    reader: StatusReader,
    client: Client,
    clock: Clock,
    latest: Option<Status>,
}

impl Ledger {
    pub(super) async fn new(owner_url: &str, clock: Clock) -> anyhow::Result<Ledger> {
        let reader = StatusReader::connect(owner_url, APP).await;
        Ok(Ledger {
            reader: reader.context("connecting to the ledger")?,
            client: database::connect(owner_url, "demo", "reading the steps").await?,
            clock,
            latest: None,
        })
    }

    pub(super) async fn look(&mut self) -> anyhow::Result<String> {
        let status = self.reader.read().await.context("looking at the ledger")?;
        let doing = doing(&status);
        self.latest = Some(status);
        Ok(doing)
    }

    /// Steps that nothing should hold back while releases from this head on may come back.
    pub(super) fn unsettled(&self, floor: u64) -> Vec<String> {
        let Some(status) = &self.latest else {
            return vec!["the ledger was never read".to_owned()];
        };
        let open = status
            .steps
            .iter()
            .filter(|step| step.state != "done" && step.floor.is_none_or(|needed| needed <= floor));
        open.map(|step| {
            let why = step.error.as_deref().map_or_else(String::new, |error| format!(": {error}"));
            format!("{} {} ({}){why}", step.id, step.title, step.state)
        })
        .collect()
    }

    /// A number that grows with every step done and every row worked through, and is another one when
    /// a step begins.
    pub(super) fn standing(&self) -> u64 {
        let steps = self.latest.iter().flat_map(|status| &status.steps);
        let each = steps.map(|step| {
            let units = step.progress.map_or(0, |progress| progress.done);
            let begun = u64::from(step.started_at.is_some()) + u64::from(step.state == "done");
            units + begun + u64::from(step.attempts.unsigned_abs())
        });
        each.fold(0, u64::wrapping_add)
    }

    pub(super) async fn finish(self) -> anyhow::Result<Vec<StepRecord>> {
        let rows = self.client.query(include_str!("steps.sql"), &[&APP]).await;
        let rows = rows.context("reading the steps")?;
        rows.iter()
            .map(|row| read(row, self.clock))
            .collect::<Result<_, tokio_postgres::Error>>()
            .context("reading the steps")
    }
}

/// What goes on now, in a few words.
fn doing(status: &Status) -> String {
    let running = status.steps.iter().find(|step| step.state == "running");
    let Some(step) = running else {
        return String::new();
    };
    match step.progress {
        Some(progress) if progress.total > 0 => {
            format!("{}: {:.0} %", step.title, progress.share() * 100.0)
        }
        _ => step.title.clone(),
    }
}

fn read(row: &Row, clock: Clock) -> Result<StepRecord, tokio_postgres::Error> {
    let at_ms = |at: Option<jiff::Timestamp>| at.map(|at| clock.at_ms(at));
    let step: serde_json::Value = row.try_get(9)?;
    // A ledger of a later format may hold what this program does not know: then without locks.
    let step: Option<Step> = serde_json::from_value(step).ok();
    let rows: Option<i64> = row.try_get(10)?;
    Ok(StepRecord {
        id: row.try_get(0)?,
        migration: u64::try_from(row.try_get::<_, i64>(1)?).unwrap_or(0),
        title: row.try_get(2)?,
        kind: row.try_get(3)?,
        phase: row.try_get(4)?,
        state: row.try_get(5)?,
        attempts: row.try_get(6)?,
        from_ms: at_ms(row.try_get(7)?),
        to_ms: at_ms(row.try_get(8)?),
        locks: step.iter().flat_map(|step| &step.locks).map(lock).collect(),
        reason: step.map(|step| step.reason),
        rows: rows.and_then(|rows| u64::try_from(rows).ok()),
    })
}

fn lock(lock: &Lock) -> LockRecord {
    let held = match lock.held {
        LockHeld::Blink => "milliseconds",
        LockHeld::Batch => "one batch",
        LockHeld::WholeStep => "the whole step",
    };
    LockRecord {
        relation: lock.relation.to_string().replace('"', "").replace("public.", ""),
        mode: lock.mode.to_string(),
        held: held.to_owned(),
        blocks: lock.mode.blocks().to_owned(),
        blocks_service: lock.mode.blocks_service(),
    }
}
