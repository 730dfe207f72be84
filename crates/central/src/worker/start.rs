//! Gives a release's workers, jobs and schedules to the library.
//!
//! Called by [`crate::upgrade`] when an instance starts; the library lets them work once it serves, and
//! only those that the current generation owns.

use super::{
    WorkerSettings,
    declarative::Declarative,
    enforcement_summary::EnforcementSummary,
    network_baselines::NetworkBaselines,
    notifier::Notifier,
    pruning::Pruning,
    report::{self, ReportMaker},
    reprocessor::Reprocessor,
    usage::UsageCounter,
};
use crate::release::Release;
use changeover_work::{BackgroundBuilder, CatchUp, Schedule};

/// The name of the report's schedule.
pub const REPORT_SCHEDULE: &str = "alerts_by_severity";

/// Adds what this release does in the background.
pub fn add(
    builder: BackgroundBuilder,
    release: &'static Release,
    settings: &WorkerSettings,
) -> BackgroundBuilder {
    let workers = release.workers;
    let mut builder = builder
        .singleton(Pruning::new(workers.pruning, settings))
        .singleton(Reprocessor::new(workers.formula, settings))
        .singleton(NetworkBaselines::new(settings))
        .singleton(UsageCounter::new(settings))
        .job(Notifier::new(workers.notify_versions));
    if workers.summarizes_enforcements {
        builder = builder.singleton(EnforcementSummary::new(settings));
    }
    if let Some(folder) = &settings.declarative {
        builder = builder.singleton(Declarative::new(folder.clone(), settings));
    }
    if let Some(reports) = &settings.reports {
        builder = builder.job(ReportMaker::new(reports.to.clone())).schedule(Schedule {
            name: REPORT_SCHEDULE.to_owned(),
            cron: reports.cron.clone(),
            time_zone: "UTC".to_owned(),
            catch_up: CatchUp::Latest,
            kind: report::KIND.to_owned(),
            version: report::VERSION,
        });
    }
    builder
}
