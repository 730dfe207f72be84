//! What long streams have seen.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use serde::Serialize;
use uuid::Uuid;

/// Streams and problems kept in full: more than an upgrade or two bring.
const KEPT_MAX: usize = 200;

/// What long streams have seen.
#[derive(Clone, Debug, Default)]
pub struct StreamReport {
    /// Clients.
    pub clients: usize,
    /// Streams that were opened.
    pub opened: u64,
    /// How they ended.
    pub ended: BTreeMap<StreamEnd, u64>,
    /// Times that no stream could be opened.
    pub not_opened: u64,
    /// Events that were due and sent.
    pub events: u64,
    /// Events that were due and not made, since too many waited.
    pub held_back: u64,
    /// Events that were sent again over a further stream.
    pub resent: u64,
    /// Of these, stored before: the acknowledgement had been lost, and the event was not stored again.
    pub repeated: u64,
    /// Acknowledgements that fit no event.
    pub wrong: u64,
    /// Ids of events that were acknowledged: each must be there exactly once.
    pub acknowledged: Vec<Uuid>,
    /// Ids of events that were not, until the end.
    pub unacknowledged: Vec<Uuid>,
    /// From the moment at which an event was due to its acknowledgement.
    pub acknowledged_ms_p50: f64,
    /// The same for 99 of 100.
    pub acknowledged_ms_p99: f64,
    /// The same for the slowest.
    pub acknowledged_ms_max: f64,
    /// The first streams, with their holders.
    pub spans: Vec<StreamSpan>,
    /// The first problems in full.
    pub problems: Vec<String>,
}

/// How a stream has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamEnd {
    /// The service said `goAway` and ended it in order.
    GoAway,
    /// The service said `goAway` to a stream that it did not take.
    TurnedAway,
    /// It was reset, or ended without a word, or was refused.
    Cut,
    /// By the client, at the end of the load.
    ByClient,
}

/// A stream.
#[derive(Clone, Debug, Serialize)]
pub struct StreamSpan {
    /// Whose.
    pub client: usize,
    /// Who held it.
    pub holder: String,
    /// When it was opened, since the start of the load.
    pub from_ms: f64,
    /// When it ended.
    pub to_ms: f64,
    /// How.
    pub ended: StreamEnd,
}

impl StreamReport {
    /// How many streams ended so.
    pub fn ended(&self, how: StreamEnd) -> u64 {
        self.ended.get(&how).copied().unwrap_or(0)
    }

    /// How many streams each holder had.
    pub fn streams_by_holder(&self) -> BTreeMap<String, u64> {
        let mut holders = BTreeMap::new();
        for span in &self.spans {
            *holders.entry(span.holder.clone()).or_default() += 1;
        }
        holders
    }
}

/// Collects while the clients run.
pub(in crate::load) struct Recorder {
    pub(in crate::load) report: StreamReport,
    began: Instant,
    acknowledged_us: Histogram<u64>,
}

impl Recorder {
    pub(in crate::load) fn new(began: Instant, clients: usize) -> Option<Recorder> {
        // Two digits after the first are enough for a time; the call fails for other numbers only.
        let acknowledged_us = Histogram::new(3).ok()?;
        let report = StreamReport { clients, ..StreamReport::default() };
        Some(Recorder { report, began, acknowledged_us })
    }

    pub(in crate::load) fn acknowledged(&mut self, id: Uuid, took: Duration, repeated: bool) {
        self.report.acknowledged.push(id);
        self.report.repeated += u64::from(repeated);
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.acknowledged_us.saturating_record(took_us);
    }

    pub(in crate::load) fn ended(
        &mut self,
        client: usize,
        holder: String,
        from: Instant,
        ended: StreamEnd,
    ) {
        *self.report.ended.entry(ended).or_default() += 1;
        if self.report.spans.len() < KEPT_MAX && ended != StreamEnd::TurnedAway {
            let ms = |at: Instant| at.saturating_duration_since(self.began).as_secs_f64() * 1000.0;
            let (from_ms, to_ms) = (ms(from), ms(Instant::now()));
            self.report.spans.push(StreamSpan { client, holder, from_ms, to_ms, ended });
        }
    }

    pub(in crate::load) fn problem(&mut self, text: String) {
        if self.report.problems.len() < KEPT_MAX {
            self.report.problems.push(text);
        }
    }

    /// The report, with the times of acknowledgements.
    pub(in crate::load) fn finish(mut self) -> StreamReport {
        let ms = |us: u64| us as f64 / 1000.0;
        self.report.acknowledged_ms_p50 = ms(self.acknowledged_us.value_at_quantile(0.5));
        self.report.acknowledged_ms_p99 = ms(self.acknowledged_us.value_at_quantile(0.99));
        self.report.acknowledged_ms_max = ms(self.acknowledged_us.max());
        self.report.spans.sort_by(|a, b| a.from_ms.total_cmp(&b.from_ms));
        self.report
    }
}
