//! Whether a rollout gets on: what the progress deadline is measured against.
//!
//! As in Kubernetes, progress is a pod more of the new template, one more of them available, or an
//! old one less. The deadline is reported once; a rollout that completes after it is complete.

use std::time::{Duration, Instant};

use super::strategy::Counts;

/// What the controller has to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Milestone {
    Complete,
    DeadlineExceeded,
}

/// The progress of one rollout.
pub(crate) struct Progress {
    seen: Counts,
    at: Instant,
    reported: Option<Milestone>,
    deadline: Duration,
}

impl Progress {
    /// A rollout that begins now.
    pub(crate) fn begin(deadline: Duration) -> Progress {
        Progress { seen: Counts::default(), at: Instant::now(), reported: None, deadline }
    }

    /// Notes how things stand now; gives what is to be reported, each thing once.
    pub(crate) fn note(&mut self, counts: Counts) -> Option<Milestone> {
        if self.reported == Some(Milestone::Complete) {
            return None;
        }
        let seen = std::mem::replace(&mut self.seen, counts);
        if counts.new > seen.new
            || counts.new_available > seen.new_available
            || counts.old < seen.old
            || counts.old_terminating < seen.old_terminating
        {
            self.at = Instant::now();
        }
        let milestone = if counts.complete() {
            Milestone::Complete
        } else if self.at.elapsed() >= self.deadline {
            Milestone::DeadlineExceeded
        } else {
            return None;
        };
        if self.reported == Some(milestone) {
            return None;
        }
        self.reported = Some(milestone);
        self.reported
    }

    /// When the deadline passes; `None` once there is nothing more to report by time.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.reported.is_none().then(|| self.at + self.deadline)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Counts, Milestone, Progress};

    const STUCK: Counts = Counts {
        desired: 1,
        new: 1,
        new_available: 0,
        old: 1,
        old_available: 1,
        old_terminating: 0,
    };
    const COMPLETE: Counts = Counts { new_available: 1, old: 0, old_available: 0, ..STUCK };

    #[test]
    fn the_deadline_is_reported_once_and_completion_still_counts() {
        let mut progress = Progress::begin(Duration::ZERO);
        assert!(progress.deadline().is_some());
        assert_eq!(progress.note(STUCK), Some(Milestone::DeadlineExceeded));
        assert_eq!(progress.note(STUCK), None);
        assert_eq!(progress.deadline(), None);
        assert_eq!(progress.note(COMPLETE), Some(Milestone::Complete));
        assert_eq!(progress.note(STUCK), None, "a pod that breaks later is no rollout");
    }

    #[test]
    fn before_the_deadline_there_is_nothing_to_report() {
        let mut progress = Progress::begin(Duration::from_secs(600));
        assert_eq!(progress.note(STUCK), None);
        assert!(progress.deadline().is_some());
    }
}
