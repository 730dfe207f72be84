//! What a load has found, with every sample.

use std::time::{Duration, Instant};

use serde::Serialize;
use uuid::Uuid;

use super::{
    outcome::{ClientKind, Outcome, Sample},
    summary::{self, Summary, Window},
    timeline::{self, Bucket},
};

/// What a load has found.
#[derive(Clone, Debug)]
pub struct LoadReport {
    /// Time 0 of all samples.
    pub started: Instant,
    /// For how long requests were due.
    pub due_for: Duration,
    /// Every request, in the order in which they were due.
    pub samples: Vec<Sample>,
    /// Names of the kinds of request; samples hold indexes.
    pub request_names: Vec<&'static str>,
    /// Ids of the writes that were answered with success: each must be there exactly once.
    pub acknowledged: Vec<Uuid>,
    /// Ids of the writes that were tried without success: each may be there once or not at all.
    pub unacknowledged: Vec<Uuid>,
    /// The first 20 failures.
    pub failures: Vec<FailureExample>,
    /// HTTP/2 requests that went to a new connection, since a GOAWAY came before they were sent.
    pub moved: u64,
}

/// One failure in full.
#[derive(Clone, Debug, Serialize)]
pub struct FailureExample {
    /// When the request was due, in ms since the start of the load.
    pub intended_ms: u64,
    /// From then until its failure.
    pub latency_ms: u64,
    /// How it failed.
    pub outcome: Outcome,
    /// Who sent it.
    pub client: ClientKind,
    /// Name of the kind of request.
    pub request: &'static str,
    /// The error with its causes.
    pub text: String,
}

impl LoadReport {
    /// The whole load as a window.
    pub fn whole(&self) -> Window {
        Window { from: Duration::ZERO, to: self.due_for }
    }

    /// The window between two moments.
    pub fn window(&self, from: Instant, to: Instant) -> Window {
        Window {
            from: from.saturating_duration_since(self.started),
            to: to.saturating_duration_since(self.started),
        }
    }

    /// Figures of the requests that were due within the window.
    pub fn summary(&self, window: Window) -> Summary {
        summary::of(&self.samples, window)
    }

    /// The same without the requests that were due within one of `spans`. Outages are not told apart there.
    pub fn summary_outside(&self, window: Window, spans: &[Window]) -> Summary {
        self.summary_where(window, |at| !spans.iter().any(|span| span.holds(at)))
    }

    /// The same of these requests alone.
    pub fn summary_within(&self, window: Window, spans: &[Window]) -> Summary {
        self.summary_where(window, |at| spans.iter().any(|span| span.holds(at)))
    }

    fn summary_where(&self, window: Window, counts: impl Fn(Duration) -> bool) -> Summary {
        let counted = |sample: &&Sample| counts(Duration::from_micros(sample.intended_us));
        let samples: Vec<Sample> = self.samples.iter().filter(counted).cloned().collect();
        Summary { outage_ms_max: 0.0, ..summary::of(&samples, window) }
    }

    /// Figures for each stretch of `width`, from the start of the load to its end.
    pub fn timeline(&self, width: Duration) -> Vec<Bucket> {
        timeline::of(&self.samples, self.due_for, width)
    }
}
