//! What operators want, as the ledger has it: one document, for the holder of the term and for the status.
//!
//! SQL: `sql/wishes.sql`; written by `changeover.pause_v1` and its like.

use crate::connection::Connection;
use crate::error::Error;
use crate::text::document;
use changeover_plan::{Course, Step};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;

const WISHES: &str = include_str!("sql/wishes.sql");

/// Everything that operators want of an application. The default: nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wishes {
    /// Nothing more begins, and batches wait.
    pub paused: Option<Wish>,
    /// The share of the time, above 0 and up to 1, that may be worked at most.
    pub max_share: Option<f64>,
    /// The share of the time, 0 to 1, that is worked at least, whatever the probe says.
    pub min_share: Option<f64>,
    /// By which factor of its base the probe may grow; at least 1.
    pub probe_factor: Option<f64>,
    /// When builds and validations may begin.
    pub hours: Option<Hours>,
    /// Who has set the pace.
    pub pace_set: Option<Wish>,
    /// The step after which nothing more begins.
    pub stop_after: Option<StepWish>,
    /// The step that is not to run.
    pub cancelled: Option<StepWish>,
}

/// Who wants something, since when, why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// The person, or the login.
    pub by: String,
    /// Since when.
    pub at: Timestamp,
    /// In the operator's words.
    pub reason: Option<String>,
}

/// The same of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepWish {
    /// The step.
    pub step: String,
    /// Who, since when, why.
    #[serde(flatten)]
    pub wish: Wish,
}

/// Hours of the day, from a full hour to another; over midnight where `to` is the smaller one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The first hour, 0 to 23.
    pub from: u8,
    /// The hour that is none of them any more.
    pub to: u8,
    /// On whose clock.
    pub time_zone: String,
    /// Whether it was within them when this was read, on the database's clock.
    pub is_open: bool,
}

impl std::fmt::Display for Hours {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}-{} {}", self.from, self.to, self.time_zone)
    }
}

impl std::fmt::Display for Wish {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let since = self.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC");
        write!(formatter, "by {} since {since}", self.by)?;
        self.reason.as_ref().map_or(Ok(()), |reason| write!(formatter, ": {reason}"))
    }
}

impl Wishes {
    /// Why this step must not begin now, or go on; `None`: it may.
    pub(crate) fn withheld(&self, step: &Step) -> Option<String> {
        if let Some(cancelled) = self.cancelled.as_ref().filter(|is| is.step == step.id.as_str()) {
            return Some(format!("cancelled {}", cancelled.wish));
        }
        let closed = self.hours.as_ref().filter(|hours| !hours.is_open && is_long(step))?;
        Some(format!("what cannot be slowed down once it runs begins within the hours {closed}"))
    }

    /// Why a release that waits has to wait longer than its steps take, for people.
    pub(crate) fn delay(&self) -> Option<String> {
        if let Some(paused) = &self.paused {
            return Some(format!("paused {paused}"));
        }
        let stopped = self.stop_after.as_ref();
        if let Some(stop) = stopped {
            return Some(format!("stops after step {} {}", stop.step, stop.wish));
        }
        let cancelled = self.cancelled.as_ref()?;
        Some(format!("step {} is cancelled {}", cancelled.step, cancelled.wish))
    }
}

/// Whether a step runs statements that cannot be slowed down: builds, validations, drops of indexes.
fn is_long(step: &Step) -> bool {
    matches!(
        step.kind.course(),
        Course::Long { .. } | Course::Outside { .. } | Course::IndexBuild(_)
    )
}

/// Reads them; one round trip, also through a pooler.
pub(crate) async fn read(connection: &Connection, app: &str) -> Result<Wishes, Error> {
    let row = connection
        .client
        .query_typed_opt(WISHES, &[(&app, Type::TEXT)])
        .await
        .map_err(|source| Error::sql("reading what operators want", source))?;
    row.map_or_else(|| Ok(Wishes::default()), |row| document(&row, 0, "wishes"))
}
