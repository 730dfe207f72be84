//! Reads where an application stands: heads, floor, open steps, history.
//!
//! Called by the driver and the CLI. Only reads; no transaction stays open between two reads, since
//! a waiter that holds a snapshot would deadlock with a concurrent index build.

use crate::error::Error;
use crate::text::{document, text};
use changeover_plan::{AppliedMigration, Step, StepId};
use tokio_postgres::{Client, Row};

const STANDING: &str = include_str!("sql/standing.sql");
const OPEN_STEPS: &str = include_str!("sql/open_steps.sql");
const MIGRATIONS: &str = include_str!("sql/migrations.sql");
const SERVING_FROM: &str = include_str!("sql/serving_from.sql");

/// Heads and floor of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The highest migration that was planned; `None` on a fresh database.
    pub(crate) head: Option<u64>,
    /// The lowest head that may be alive or come back.
    pub(crate) floor: u64,
    /// The lowest head that served when the latest upgrade began.
    pub(crate) serving_from: Option<u64>,
}

/// A step that is not done.
#[derive(Clone, Debug)]
pub(crate) struct OpenStep {
    /// The step.
    pub(crate) step: Step,
    /// Whether all that it needs is done.
    pub(crate) ready: bool,
    /// How often it was begun.
    pub(crate) attempts: i32,
}

/// A number of the ledger as the planner has it. The ledger never holds negative ones.
fn number(row: &Row, column: usize) -> Option<u64> {
    row.get::<_, Option<i64>>(column).and_then(|value| u64::try_from(value).ok())
}

/// Reads heads and floor; `None` where the application is unknown.
pub(crate) async fn standing(client: &Client, app: &str) -> Result<Option<Standing>, Error> {
    let row = client
        .query_opt(STANDING, &[&app])
        .await
        .map_err(|source| Error::sql("reading the ledger", source))?;
    Ok(row.map(|row| Standing {
        head: number(&row, 0),
        floor: number(&row, 1).unwrap_or(0),
        serving_from: number(&row, 2),
    }))
}

/// Reads the steps that are not done, in the order in which they run.
pub(crate) async fn open_steps(client: &Client, app: &str) -> Result<Vec<OpenStep>, Error> {
    let rows = client
        .query(OPEN_STEPS, &[&app])
        .await
        .map_err(|source| Error::sql("reading the open steps", source))?;
    rows.iter()
        .map(|row| {
            let step = document(row, 0, "steps")?;
            Ok(OpenStep { step, ready: row.get(1), attempts: row.get(2) })
        })
        .collect()
}

/// Reads the migrations that were planned, applied or adopted.
pub(crate) async fn applied(client: &Client, app: &str) -> Result<Vec<AppliedMigration>, Error> {
    let rows = client
        .query(MIGRATIONS, &[&app])
        .await
        .map_err(|source| Error::sql("reading the history", source))?;
    Ok(rows
        .iter()
        .map(|row| AppliedMigration {
            number: number(row, 0).unwrap_or(0),
            name: text(row, 1),
            checksum: text(row, 2),
        })
        .collect())
}

/// Reads the state of one step; `None` where there is no such step.
pub(crate) async fn step_state(
    client: &Client,
    app: &str,
    step: &StepId,
) -> Result<Option<String>, Error> {
    let row = client
        .query_opt(
            "SELECT state FROM changeover.step WHERE app = $1 AND id = $2",
            &[&app, &step.as_str()],
        )
        .await
        .map_err(|source| Error::sql("reading a step's state", source))?;
    Ok(row.map(|row| text(&row, 0)))
}

/// Reads the lowest head that serves now.
pub(crate) async fn serving_from(client: &Client, app: &str) -> Result<Option<u64>, Error> {
    let row = client
        .query_one(SERVING_FROM, &[&app])
        .await
        .map_err(|source| Error::sql("reading the instances", source))?;
    Ok(number(&row, 0))
}
