//! Notes when which phase began and ended, and shows meanwhile how requests and steps stand.

use std::time::{Duration, Instant};

use changeover_rollout::load::{LoadHandle, Summary, Window};

use super::{
    observer::Observer,
    record::{PhaseKind, PhaseSpan},
};
use crate::{demo::progress::Progress, view::figures};

/// How often is looked at the database: fine enough for the chart, and next to nothing as load.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Steps that have not moved for so long will not: longer than an instance that fell silent counts as
/// alive (12 s) and than any pause between two tries of a step (30 s).
const STUCK_AFTER: Duration = Duration::from_secs(40);

/// The phases so far.
pub(super) struct Journal<'a> {
    progress: &'a Progress,
    load: LoadHandle,
    pub(super) observer: Observer,
    phases: Vec<PhaseSpan>,
}

impl<'a> Journal<'a> {
    pub(super) fn new(progress: &'a Progress, load: LoadHandle, observer: Observer) -> Self {
        Journal { progress, load, observer, phases: Vec::new() }
    }

    /// Does something as one phase of the run.
    pub(super) async fn during<T>(
        &mut self,
        kind: PhaseKind,
        name: &str,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let task = self.progress.task(name);
        let begun = Instant::now();
        let mut work = std::pin::pin!(work);
        let mut tick = tokio::time::interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let before = self.load.counts();
        let outcome = loop {
            tokio::select! {
                outcome = &mut work => break outcome?,
                _ = tick.tick() => {
                    let doing = self.observer.look().await?;
                    task.say(self.standing(&doing));
                }
            }
        };
        self.observer.look().await?;
        self.note(kind, name, begun);
        let now = self.load.counts();
        let (ended, failed) = (now.ended - before.ended, now.failed - before.failed);
        task.done(format!("{name}: {} requests, {}", figures::count(ended), failures(failed)));
        Ok(outcome)
    }

    /// Waits, as one phase, until no step is left that may run while releases from `floor` on live, or
    /// none moves any more.
    pub(super) async fn until_settled(
        &mut self,
        name: &str,
        floor: u64,
        deadline: Duration,
    ) -> anyhow::Result<()> {
        let task = self.progress.task(name);
        let begun = Instant::now();
        let before = self.load.counts();
        let (mut moved, mut seen) = (begun, self.observer.standing());
        loop {
            let doing = self.observer.look().await?;
            let now = self.observer.standing();
            if now != seen {
                (moved, seen) = (Instant::now(), now);
            }
            let is_stuck = moved.elapsed() > STUCK_AFTER || begun.elapsed() > deadline;
            if self.observer.is_settled(floor) || is_stuck {
                break;
            }
            task.say(self.standing(&doing));
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.note(PhaseKind::Online, name, begun);
        let now = self.load.counts();
        let (ended, failed) = (now.ended - before.ended, now.failed - before.failed);
        task.done(format!("{name}: {} requests, {}", figures::count(ended), failures(failed)));
        Ok(())
    }

    /// Says what went wrong and does not end the run.
    pub(super) fn warn(&self, text: &str) {
        self.progress.warn(text);
    }

    /// Figures of the last phase, as far as its requests have ended, and how many are under way.
    pub(super) fn last(&self) -> (Summary, u64) {
        let window = self.phases.last().map_or(
            Window { from: Duration::ZERO, to: Duration::ZERO },
            |span| Window { from: span.from, to: span.to },
        );
        (self.load.summary(window), self.load.counts().in_flight)
    }

    /// The last phase was none of what is compared.
    pub(super) fn discount_last(&mut self) {
        if let Some(span) = self.phases.last_mut() {
            span.kind = PhaseKind::WarmUp;
        }
    }

    /// Ends: the load, the observer and the phases.
    pub(super) fn close(self) -> (LoadHandle, Observer, Vec<PhaseSpan>) {
        (self.load, self.observer, self.phases)
    }

    fn note(&mut self, kind: PhaseKind, name: &str, begun: Instant) {
        let start = self.load.started();
        self.phases.push(PhaseSpan {
            kind,
            name: name.to_owned(),
            from: begun.saturating_duration_since(start),
            to: start.elapsed(),
        });
    }

    fn standing(&self, doing: &str) -> String {
        let counts = self.load.counts();
        let requests = figures::count(counts.ended);
        format!("{requests} requests so far, {}  {doing}", failures(counts.failed))
    }
}

fn failures(count: u64) -> String {
    match count {
        0 => "none failed".to_owned(),
        count => format!("{} failed", figures::count(count)),
    }
}
