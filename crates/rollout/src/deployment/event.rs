//! The log of what happened to pods and rollouts, for reports and error messages.
//!
//! It is bounded: after [`EVENTS_MAX`] entries the oldest are dropped.

use std::{collections::VecDeque, time::Instant};

/// A rollout of three pods writes about twenty events; this holds hundreds of rollouts.
const EVENTS_MAX: usize = 10_000;

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub at: Instant,
    /// The pod concerned; `None` for the Deployment as a whole.
    pub pod: Option<String>,
    /// The release concerned.
    pub release: String,
    /// What kind of event.
    pub kind: EventKind,
    /// One sentence for people.
    pub text: String,
}

/// What kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A rollout to a template began.
    RolloutStarted,
    /// All wanted pods of the new template are available and no old one is left serving.
    RolloutComplete,
    /// The progress deadline passed.
    ProgressDeadlineExceeded,
    /// The Deployment was told to end.
    ShutDown,
    /// A pod was created.
    PodCreated,
    /// Its process was started.
    PodStarted,
    /// It became ready.
    PodReady,
    /// It stopped being ready without being told to end.
    PodNotReady,
    /// Its process ended, could not be started, or failed its startup probe.
    PodFailed,
    /// It was told to end: no endpoint from now on, pre-stop running.
    PodTerminating,
    /// SIGTERM was sent.
    PodSignalled,
    /// The grace period passed: SIGKILL was sent.
    PodKilled,
    /// Its process is gone for good.
    PodGone,
}

/// The bounded log.
#[derive(Debug, Default)]
pub(crate) struct EventLog {
    entries: VecDeque<Event>,
}

impl EventLog {
    pub(crate) fn push(&mut self, event: Event) {
        if self.entries.len() == EVENTS_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(event);
    }

    pub(crate) fn entries(&self) -> Vec<Event> {
        self.entries.iter().cloned().collect()
    }
}
