//! A run's figures, as `--json` prints them and the report shows them.

use std::collections::BTreeMap;

use changeover_rollout::load::{ClientKind, Outcome, Summary, Window};
use serde::Serialize;

use super::run::{PhaseKind, PhaseSpan, RunRecord, WRITES_TO_MIGRATING_TABLES};
use super::streams::StreamsOutcome;
use super::upgrade::{self, Latency};

/// The figures of one run. Fields are only ever added: scripts read them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunOutcome {
    /// Requests due, from the first to the last.
    pub(crate) requests: u64,
    /// Of these, not answered rightly and in time.
    pub(crate) failed: u64,
    /// Of the failed ones, those that were answered with 503: they were told to come again.
    pub(crate) turned_away: u64,
    /// Of the failed ones, those of the mere restart.
    pub(crate) failed_in_restart: u64,
    /// Answered rightly, but after more than 100 ms.
    pub(crate) waited: u64,
    pub(crate) failures_by_kind: BTreeMap<Outcome, u64>,
    /// HTTP/2 requests that went to a new connection because the old one said goodbye before they
    /// were sent; in no other figure.
    pub(crate) requests_moved: u64,
    pub(crate) requests_by_client: BTreeMap<ClientKind, u64>,
    pub(crate) failures_by_client: BTreeMap<ClientKind, u64>,
    /// The longest time without any success, from the first rollout to the end.
    pub(crate) outage_ms_max: f64,
    pub(crate) rate_per_second: f64,
    /// The share of requests that write to tables that migrate.
    pub(crate) migrating_writes_share: f64,
    pub(crate) writes_acknowledged: u64,
    pub(crate) writes_missing: u64,
    pub(crate) writes_doubled: u64,
    pub(crate) p50_ms_before: f64,
    pub(crate) p99_ms_before: f64,
    pub(crate) p99_9_ms_before: f64,
    /// While the same pods were replaced without a migration: the control. 0 where there was none.
    pub(crate) p50_ms_restart: f64,
    pub(crate) p99_ms_restart: f64,
    pub(crate) p99_9_ms_restart: f64,
    pub(crate) max_ms_restart: f64,
    pub(crate) p50_ms_during: f64,
    pub(crate) p99_ms_during: f64,
    pub(crate) p99_9_ms_during: f64,
    pub(crate) max_ms_before: f64,
    pub(crate) max_ms_during: f64,
    /// The same without the stretches in which an index was built or a constraint validated, which PostgreSQL
    /// cannot slow down; and these alone.
    pub(crate) paced: Latency,
    pub(crate) builds: Latency,
    /// Rows a second of the backfills, while they ran.
    pub(crate) backfill_rows_per_second: f64,
    /// From the first step's begin to the last one's end.
    pub(crate) steps_ms: f64,
    pub(crate) phases: Vec<PhaseOutcome>,
    pub(crate) steps_done: u64,
    /// Steps that should be done by the end and are not.
    pub(crate) steps_not_done: Vec<String>,
    /// Sensors' long streams; absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) streams: Option<StreamsOutcome>,
}

/// The figures of one phase of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PhaseOutcome {
    pub(crate) name: String,
    pub(crate) kind: PhaseKind,
    pub(crate) from_ms: f64,
    pub(crate) duration_ms: f64,
    pub(crate) requests: u64,
    pub(crate) failed: u64,
    /// Of the failed ones, those that were answered with 503.
    pub(crate) turned_away: u64,
    pub(crate) outage_ms_max: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p99_9_ms: f64,
}

impl RunOutcome {
    /// Computes the figures.
    pub(crate) fn of(record: &RunRecord) -> RunOutcome {
        let load = &record.load;
        let all = load.summary(load.whole());
        let before = load.summary(window(record, |kind| kind == PhaseKind::Baseline));
        let restart = load.summary(window(record, |kind| kind == PhaseKind::Restart));
        let during = load.summary(upgrading(record));
        let apart = upgrade::builds_apart(record, upgrading(record));
        let steps_done = record.steps.iter().filter(|step| step.state == "done").count();
        RunOutcome {
            requests: all.requests,
            failed: all.failed,
            turned_away: all.turned_away,
            failed_in_restart: restart.failed,
            waited: all.waited,
            failures_by_kind: all.failed_by_outcome,
            requests_by_client: all.requests_by_client,
            failures_by_client: all.failed_by_client,
            outage_ms_max: during.outage_ms_max,
            rate_per_second: record.rate_per_second,
            migrating_writes_share: migrating_writes_share(record),
            writes_acknowledged: record.writes.acknowledged,
            writes_missing: record.writes.missing.len() as u64,
            writes_doubled: record.writes.doubled.len() as u64,
            requests_moved: record.load.moved,
            p50_ms_before: before.p50_ms,
            p99_ms_before: before.p99_ms,
            p99_9_ms_before: before.p99_9_ms,
            p50_ms_restart: restart.p50_ms,
            p99_ms_restart: restart.p99_ms,
            p99_9_ms_restart: restart.p99_9_ms,
            max_ms_restart: restart.max_ms,
            p50_ms_during: during.p50_ms,
            p99_ms_during: during.p99_ms,
            p99_9_ms_during: during.p99_9_ms,
            max_ms_before: before.max_ms,
            max_ms_during: during.max_ms,
            paced: Latency::of(&apart.0),
            builds: Latency::of(&apart.1),
            backfill_rows_per_second: upgrade::rows_per_second(&record.steps),
            steps_ms: upgrade::steps_ms(&record.steps),
            phases: record.phases.iter().map(|span| phase(record, span)).collect(),
            steps_done: steps_done as u64,
            steps_not_done: record.steps_not_done.clone(),
            streams: record.streams.as_ref().map(StreamsOutcome::of),
        }
    }
}

impl RunOutcome {
    /// Two runs as one: counts are added up, times are the worse ones, phases the first one's.
    pub(crate) fn with(mut self, other: RunOutcome) -> RunOutcome {
        self.requests += other.requests;
        self.failed += other.failed;
        self.turned_away += other.turned_away;
        self.failed_in_restart += other.failed_in_restart;
        self.waited += other.waited;
        self.writes_acknowledged += other.writes_acknowledged;
        self.writes_missing += other.writes_missing;
        self.writes_doubled += other.writes_doubled;
        self.requests_moved += other.requests_moved;
        self.steps_done += other.steps_done;
        self.steps_not_done.extend(other.steps_not_done);
        for (kind, count) in other.failures_by_kind {
            *self.failures_by_kind.entry(kind).or_default() += count;
        }
        for (all, more) in [
            (&mut self.requests_by_client, other.requests_by_client),
            (&mut self.failures_by_client, other.failures_by_client),
        ] {
            for (client, count) in more {
                *all.entry(client).or_default() += count;
            }
        }
        for (worst, time) in [
            (&mut self.outage_ms_max, other.outage_ms_max),
            (&mut self.p50_ms_before, other.p50_ms_before),
            (&mut self.p99_ms_before, other.p99_ms_before),
            (&mut self.p99_9_ms_before, other.p99_9_ms_before),
            (&mut self.p50_ms_restart, other.p50_ms_restart),
            (&mut self.p99_ms_restart, other.p99_ms_restart),
            (&mut self.p99_9_ms_restart, other.p99_9_ms_restart),
            (&mut self.max_ms_restart, other.max_ms_restart),
            (&mut self.p50_ms_during, other.p50_ms_during),
            (&mut self.p99_ms_during, other.p99_ms_during),
            (&mut self.p99_9_ms_during, other.p99_9_ms_during),
            (&mut self.max_ms_before, other.max_ms_before),
            (&mut self.max_ms_during, other.max_ms_during),
            (&mut self.steps_ms, other.steps_ms),
        ] {
            *worst = worst.max(time);
        }
        self.paced = self.paced.worst(other.paced);
        self.builds = self.builds.worst(other.builds);
        self.backfill_rows_per_second =
            self.backfill_rows_per_second.min(other.backfill_rows_per_second);
        let share = self.migrating_writes_share.min(other.migrating_writes_share);
        self.migrating_writes_share = share;
        self.streams = match (self.streams, other.streams) {
            (Some(one), Some(other)) => Some(one.with(other)),
            (one, other) => one.or(other),
        };
        self
    }
}

/// From the first rollout to the end of the last step.
fn upgrading(record: &RunRecord) -> Window {
    window(record, |kind| matches!(kind, PhaseKind::Rollout | PhaseKind::Online))
}

/// From the first phase of these kinds to the end of the last one.
fn window(record: &RunRecord, belongs: impl Fn(PhaseKind) -> bool) -> Window {
    let begin = record.phases.iter().find(|span| belongs(span.kind));
    let end = record.phases.iter().rfind(|span| belongs(span.kind));
    Window {
        from: begin.map_or_else(Default::default, |span| span.from),
        to: end.map_or_else(Default::default, |span| span.to),
    }
}

fn phase(record: &RunRecord, span: &PhaseSpan) -> PhaseOutcome {
    let Summary { requests, failed, turned_away, outage_ms_max, p50_ms, p99_ms, p99_9_ms, .. } =
        record.load.summary(Window { from: span.from, to: span.to });
    PhaseOutcome {
        name: span.name.clone(),
        kind: span.kind,
        from_ms: span.from.as_secs_f64() * 1000.0,
        duration_ms: span.to.saturating_sub(span.from).as_secs_f64() * 1000.0,
        requests,
        failed,
        turned_away,
        outage_ms_max,
        p50_ms,
        p99_ms,
        p99_9_ms,
    }
}

fn migrating_writes_share(record: &RunRecord) -> f64 {
    let samples = &record.load.samples;
    let names = &record.load.request_names;
    let writes = samples.iter().filter(|sample| {
        names.get(usize::from(sample.request)) == Some(&WRITES_TO_MIGRATING_TABLES)
    });
    writes.count() as f64 / samples.len().max(1) as f64
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Latency, PhaseKind, PhaseOutcome, RunOutcome};
    use crate::demo::streams::tests::streams;
    use changeover_rollout::load::{ClientKind, Outcome};

    /// A run without a fault, with these phases.
    pub(crate) fn outcome(phases: &[(&str, PhaseKind)]) -> RunOutcome {
        let phase = |(name, kind): &(&str, PhaseKind)| PhaseOutcome {
            name: (*name).to_owned(),
            kind: *kind,
            from_ms: 0.0,
            duration_ms: 10_000.0,
            requests: 500,
            failed: 0,
            turned_away: 0,
            outage_ms_max: 12.0,
            p50_ms: 1.25,
            p99_ms: 12.5,
            p99_9_ms: 20.0,
        };
        RunOutcome {
            requests: 1_000,
            failed: 0,
            turned_away: 0,
            failed_in_restart: 0,
            waited: 0,
            failures_by_kind: Default::default(),
            requests_by_client: [(ClientKind::Http2, 1_000)].into(),
            failures_by_client: Default::default(),
            outage_ms_max: 12.0,
            rate_per_second: 100.0,
            migrating_writes_share: 0.4,
            writes_acknowledged: 400,
            writes_missing: 0,
            writes_doubled: 0,
            requests_moved: 0,
            p50_ms_before: 1.0,
            p99_ms_before: 2.0,
            p99_9_ms_before: 3.0,
            p50_ms_restart: 1.0,
            p99_ms_restart: 1.5,
            p99_9_ms_restart: 2.5,
            max_ms_restart: 3.5,
            p50_ms_during: 1.0,
            p99_ms_during: 2.0,
            p99_9_ms_during: 3.0,
            max_ms_before: 4.0,
            max_ms_during: 4.0,
            paced: Latency::default(),
            builds: Latency::default(),
            backfill_rows_per_second: 0.0,
            steps_ms: 0.0,
            phases: phases.iter().map(phase).collect(),
            steps_done: 10,
            steps_not_done: Vec::new(),
            streams: Some(streams()),
        }
    }

    #[test]
    fn several_runs_are_as_bad_as_their_sum_and_as_slow_as_the_worst() {
        let (mut fast, mut slow) = (outcome(&[]), outcome(&[]));
        fast.failed = 1;
        fast.failures_by_kind.insert(Outcome::Reset, 1);
        slow.failed = 2;
        slow.failures_by_kind.insert(Outcome::Reset, 2);
        slow.writes_missing = 5;
        slow.p99_ms_during = 70.0;
        let both = slow.with(fast);
        assert_eq!((both.requests, both.failed, both.writes_missing), (2_000, 3, 5));
        assert_eq!(both.failures_by_kind[&Outcome::Reset], 3);
        assert_eq!(both.requests_by_client[&ClientKind::Http2], 2_000);
        assert_eq!(both.p99_ms_during, 70.0);
    }
}
