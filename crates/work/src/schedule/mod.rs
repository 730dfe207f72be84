//! Schedules: jobs that are enqueued by the clock, each scheduled time once, whatever the number of
//! instances and releases.
//!
//! Nobody leads. Every member of the current generation computes what is due (`cron.rs`) and asks the
//! ledger to enqueue it (`tick_v1`), which knows which times were enqueued already and whose turn it is.
//! A job's scheduled time is the schedule's, never the moment at which somebody looked.
//!
//! Called by `background/`; SQL: `sql/look.sql`, and `job/sql/` for the functions.

mod cron;
mod part;

pub(crate) use part::Schedules;

/// What is enqueued of times that passed while nobody was there to enqueue them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatchUp {
    /// The last one.
    Latest,
    /// All, but of more than 1,000 only the last 1,000; how many were passed over is logged.
    All,
    /// None. A time counts as missed when it is a minute old.
    None,
}

impl CatchUp {
    fn as_str(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

/// A schedule, by which jobs of one kind are enqueued. Their payload is
/// `{"schedule": name, "scheduledAt": time}`.
///
/// Where a clock changes: a time with one hour, minute and second that does not exist on a day is moved
/// to the first moment after the gap, and one that exists twice is taken the first time. All others
/// (`*/15 * * * *`, `0 * * * *`, `30 2,14 * * *`) follow the clock on the wall: what does not exist is left
/// out, what exists twice is taken twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its name, the same in every release that has it.
    pub name: String,
    /// Five fields (minute, hour, day, month, day of week) or six, with seconds in front.
    pub cron: String,
    /// An IANA time zone, e.g. `Europe/Berlin` or `UTC`.
    pub time_zone: String,
    /// What is done about missed times.
    pub catch_up: CatchUp,
    /// The kind of job.
    pub kind: String,
    /// The version of its payload.
    pub version: i32,
}
