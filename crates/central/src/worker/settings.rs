//! What the workers of an instance are told: where their outside is, and how often they run.

use super::report::ReportSettings;
use std::{path::PathBuf, time::Duration};

/// Settings of all workers.
#[derive(Clone, Debug, Default)]
pub struct WorkerSettings {
    /// The mount of the declarative configuration; none: no such worker.
    pub declarative: Option<PathBuf>,
    /// Reports; none: no schedule, and no reports from here.
    pub reports: Option<ReportSchedule>,
    /// For how many days resolved alerts are kept, if not as usual.
    pub retention_days: Option<i32>,
    /// No worker pauses for longer. For tests.
    pub pause_max: Option<Duration>,
}

/// When reports are made, and where they go.
#[derive(Clone, Debug)]
pub struct ReportSchedule {
    /// When, in UTC; with seconds in front where there are six fields.
    pub cron: String,
    /// Where they go.
    pub to: ReportSettings,
}

impl WorkerSettings {
    /// A worker's pause, unless a shorter one is asked for.
    pub(super) fn pause(&self, usual: Duration) -> Duration {
        self.pause_max.map_or(usual, |most| usual.min(most))
    }
}
