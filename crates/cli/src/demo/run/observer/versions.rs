//! Migrations in one go: the table `versions` says how far they are. When each one ended is seen by
//! looking often; one begins when the one before it has ended, the first of a release with its instance.

use anyhow::Context;
use changeover_central::{migration, release::RELEASES};
use tokio_postgres::Client;

use super::Clock;
use crate::demo::run::record::{PodSpan, PodStage, StepRecord};

/// Looks at `versions`.
pub(in crate::demo::run) struct Versions {
    client: Client,
    clock: Clock,
    done: i64,
    looked_ms: f64,
    steps: Vec<StepRecord>,
}

impl Versions {
    pub(super) fn new(client: Client, clock: Clock) -> Versions {
        let done = i64::try_from(RELEASES[0].head).unwrap_or(i64::MAX);
        Versions { client, clock, done, looked_ms: clock.now_ms(), steps: Vec::new() }
    }

    pub(super) async fn look(&mut self) -> anyhow::Result<String> {
        let row = self.client.query_one("SELECT max(seqnum) FROM versions", &[]).await;
        let done: i64 = row.and_then(|row| row.try_get(0)).context("looking at the migrations")?;
        let now_ms = self.clock.now_ms();
        // Several that ended between two looks share the time between them.
        let share_ms = (now_ms - self.looked_ms) / (done - self.done).max(1) as f64;
        for number in self.done + 1..=done {
            let from_ms = self.steps.last().and_then(|step| step.to_ms).unwrap_or(0.0);
            let to_ms = self.looked_ms + share_ms * (number - self.done) as f64;
            self.steps.push(step(number, from_ms, to_ms));
        }
        (self.done, self.looked_ms) = (done, now_ms);
        Ok(format!("migration {done} is the last one done"))
    }

    /// All that were seen; none began before the instance that ran it.
    pub(super) fn finish(self, pods: &[PodSpan]) -> Vec<StepRecord> {
        begun_with_their_pod(self.steps, pods)
    }
}

fn begun_with_their_pod(mut steps: Vec<StepRecord>, pods: &[PodSpan]) -> Vec<StepRecord> {
    for step in &mut steps {
        let (Some(from_ms), Some(to_ms)) = (step.from_ms, step.to_ms) else { continue };
        let starts = pods.iter().filter(|span| span.stage == PodStage::Starting);
        let starts = starts.map(|span| span.from_ms).filter(|at| *at < to_ms);
        step.from_ms = starts.reduce(f64::max).map(|start| start.max(from_ms));
    }
    steps
}

fn step(number: i64, from_ms: f64, to_ms: f64) -> StepRecord {
    let number = u64::try_from(number).unwrap_or(0);
    let files = migration::numbered_migrations_up_to(number);
    let file = files.last().map_or("", |(_, file, _)| *file);
    StepRecord {
        id: number.to_string(),
        migration: number,
        title: file.to_owned(),
        kind: "script".to_owned(),
        phase: "in one go".to_owned(),
        state: "done".to_owned(),
        from_ms: Some(from_ms),
        to_ms: Some(to_ms),
        attempts: 1,
        locks: Vec::new(),
        reason: None,
        rows: None,
    }
}

#[cfg(test)]
mod tests {
    use super::{PodSpan, PodStage, begun_with_their_pod, step};

    #[test]
    fn a_migration_begins_with_its_instance_or_with_the_end_of_the_one_before() {
        let pod = |release: &str, stage, from_ms| PodSpan {
            pod: release.to_owned(),
            release: release.to_owned(),
            stage,
            from_ms,
            to_ms: from_ms + 30.0,
        };
        let pods = [
            pod("4.8", PodStage::Ready, 0.0),
            pod("4.9", PodStage::Starting, 40.0),
            pod("4.9", PodStage::Ready, 70.0),
            pod("4.10", PodStage::Starting, 90.0),
        ];
        let seen = vec![step(209, 0.0, 50.0), step(210, 50.0, 60.0), step(211, 60.0, 99.0)];
        let steps = begun_with_their_pod(seen, &pods);
        let begins: Vec<_> = steps.iter().filter_map(|step| step.from_ms).collect();
        assert_eq!(begins, [40.0, 50.0, 90.0]);
        assert_eq!(steps[2].title, "0211_hash_to_btree.sql");
    }
}
