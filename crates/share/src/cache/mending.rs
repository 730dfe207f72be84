//! When triggers that are missing on a watched table are made again.
//!
//! Asked by the task that looks ([`super::looker`]) after each look. The tries are bounded in rate, since each
//! waits for locks on the service's tables.

use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// The longest pause between two tries to make missing triggers again, in multiples of the shortest.
const MEND_PAUSES_MAX: u32 = 60;

/// When missing triggers are made again: one try at a time, and less often the longer they stay missing.
pub(super) struct Mending {
    pause_min: Duration,
    pause: Duration,
    began_at: Option<Instant>,
    running: Option<JoinHandle<()>>,
}

impl Mending {
    /// Nothing was tried yet.
    pub(super) fn new(pause_min: Duration) -> Self {
        Self { pause_min, pause: pause_min, began_at: None, running: None }
    }

    /// Whether to try now.
    pub(super) fn is_due(&self) -> bool {
        self.running.as_ref().is_none_or(JoinHandle::is_finished)
            && self.began_at.is_none_or(|at| at.elapsed() >= self.pause)
    }

    /// A try has begun; `None`: this instance cannot make them.
    pub(super) fn began(&mut self, running: Option<JoinHandle<()>>) {
        if self.began_at.is_some() {
            self.pause = (self.pause * 2).min(self.pause_min * MEND_PAUSES_MAX);
        }
        self.began_at = Some(Instant::now());
        self.running = running;
    }

    /// None is missing any more.
    pub(super) fn succeeded(&mut self) {
        self.pause = self.pause_min;
        self.began_at = None;
    }
}
