//! Collects samples, write ids and failure examples while a load runs.
//!
//! Only the generator's thread writes, so its lock is never waited for; the handle reads counters.
//! A request is opened when it is due and closed with its outcome; what is still open at the end is
//! unfinished. After [`Recorder::finish`] nothing is taken any more.

use std::{collections::HashMap, time::Duration};

use uuid::Uuid;

use super::{
    clients::Failure,
    outcome::{ClientKind, Outcome, Sample},
    report::{FailureExample, LoadReport},
    summary::{self, Summary, Window},
};

/// Failures kept in full: enough to see what went wrong.
const EXAMPLES_MAX: usize = 20;

/// A request under way.
struct Open {
    intended_us: u64,
    client: ClientKind,
    request: u8,
    write_id: Option<Uuid>,
}

#[derive(Default)]
pub(super) struct Recorder {
    open: HashMap<u64, Open>,
    samples: Vec<Sample>,
    request_names: Vec<&'static str>,
    acknowledged: Vec<Uuid>,
    unacknowledged: Vec<Uuid>,
    failures: Vec<FailureExample>,
    failed: u64,
}

impl Recorder {
    /// Notes that a request is due.
    pub(super) fn open(
        &mut self,
        sequence: u64,
        intended_us: u64,
        client: ClientKind,
        name: &'static str,
        write_id: Option<Uuid>,
    ) {
        let request = self.intern(name);
        self.open.insert(sequence, Open { intended_us, client, request, write_id });
    }

    /// Notes how it ended, `now_us` after the start of the load.
    pub(super) fn close(&mut self, sequence: u64, now_us: u64, result: Result<(), Failure>) {
        let Some(open) = self.open.remove(&sequence) else {
            return;
        };
        let outcome = result.as_ref().map_or_else(|failure| failure.outcome, |()| Outcome::Ok);
        let latency_us = u32::try_from(now_us.saturating_sub(open.intended_us));
        let sample = Sample {
            intended_us: open.intended_us,
            latency_us: latency_us.unwrap_or(u32::MAX),
            outcome,
            client: open.client,
            request: open.request,
        };
        self.samples.push(sample);
        match (open.write_id, outcome) {
            (Some(id), Outcome::Ok) => self.acknowledged.push(id),
            // An overload was never sent, so there is nothing that could have been written.
            (Some(_), Outcome::Overload) | (None, _) => {}
            (Some(id), _) => self.unacknowledged.push(id),
        }
        let Err(failure) = result else { return };
        self.failed += 1;
        if self.failures.len() < EXAMPLES_MAX {
            self.failures.push(FailureExample {
                intended_ms: open.intended_us / 1000,
                latency_ms: u64::from(sample.latency_us) / 1000,
                outcome,
                client: open.client,
                request: self.request_names[usize::from(open.request)],
                text: failure.text,
            });
        }
    }

    /// Samples and failures so far, and requests under way.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        (self.samples.len() as u64, self.failed, self.open.len() as u64)
    }

    /// Figures of the requests that were due within the window and have ended by now.
    pub(super) fn summary(&self, window: Window) -> Summary {
        let mut samples = self.samples.clone();
        samples.sort_unstable_by_key(|sample| sample.intended_us);
        summary::of(&samples, window)
    }

    /// Closes what is still open and gives the report.
    pub(super) fn finish(
        &mut self,
        started: std::time::Instant,
        due_for: Duration,
        now_us: u64,
    ) -> LoadReport {
        let mut unfinished: Vec<u64> = self.open.keys().copied().collect();
        unfinished.sort_unstable();
        for sequence in unfinished {
            let failure = Failure::new(Outcome::Unfinished, "under way at the end of the load");
            self.close(sequence, now_us, Err(failure));
        }
        let mut all = std::mem::take(self);
        all.samples.sort_unstable_by_key(|sample| sample.intended_us);
        LoadReport {
            started,
            due_for,
            samples: all.samples,
            request_names: all.request_names,
            acknowledged: all.acknowledged,
            unacknowledged: all.unacknowledged,
            failures: all.failures,
            // The clients know; the one that asks for the report fills it in.
            moved: 0,
        }
    }

    fn intern(&mut self, name: &'static str) -> u8 {
        let known = self.request_names.iter().position(|known| *known == name);
        let index = known.unwrap_or_else(|| {
            if self.request_names.len() <= usize::from(u8::MAX) {
                self.request_names.push(name);
            }
            self.request_names.len() - 1
        });
        u8::try_from(index).unwrap_or(u8::MAX)
    }
}
