//! Arguments of `central serve` that concern background work.

use crate::worker::{WorkerSettings, report::ReportSettings, settings::ReportSchedule};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Background work.
#[derive(Debug, clap::Args)]
pub(super) struct WorkerArgs {
    /// Run nothing in the background: no pruning, no reports, no notifications.
    #[arg(long)]
    no_workers: bool,
    /// A folder of JSON files with policies and notifiers, which are applied.
    #[arg(long)]
    declarative: Option<PathBuf>,
    /// Where reports are written to; none: no reports.
    #[arg(long)]
    report_folder: Option<PathBuf>,
    /// When reports are made, in UTC.
    #[arg(long, default_value = "0 6 * * *")]
    report_cron: String,
    /// The mail server that reports are sent by; none: no mails.
    #[arg(long)]
    report_smtp: Option<SocketAddr>,
    /// To whom.
    #[arg(long, default_value = "reports@localhost")]
    report_recipient: String,
    /// For how many days resolved alerts are kept.
    #[arg(long)]
    retention_days: Option<i32>,
    /// No worker pauses for longer, in milliseconds.
    #[arg(long, hide = true)]
    worker_pause_ms: Option<u64>,
}

impl WorkerArgs {
    pub(super) fn settings(self) -> Option<WorkerSettings> {
        if self.no_workers {
            return None;
        }
        let (cron, smtp, recipient) = (self.report_cron, self.report_smtp, self.report_recipient);
        Some(WorkerSettings {
            declarative: self.declarative,
            reports: self.report_folder.map(|folder| ReportSchedule {
                cron,
                to: ReportSettings { folder, smtp, recipient },
            }),
            retention_days: self.retention_days,
            pause_max: self.worker_pause_ms.map(Duration::from_millis),
        })
    }
}
