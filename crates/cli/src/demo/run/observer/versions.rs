//! Migrations in one go: the table `versions` says how far they are. When each one ended is seen by
//! looking often; one begins when the one before it has ended, the first with its release's start.

use anyhow::Context;
use changeover_central::{migration, release::RELEASES};
use tokio_postgres::Client;

use super::Clock;
use crate::demo::run::record::StepRecord;

/// Looks at `versions`.
pub(in crate::demo::run) struct Versions {
    client: Client,
    clock: Clock,
    done: i64,
    /// Since when the next migration may be running.
    since_ms: f64,
    steps: Vec<StepRecord>,
}

impl Versions {
    pub(super) fn new(client: Client, clock: Clock) -> Versions {
        let done = i64::try_from(RELEASES[0].head).unwrap_or(i64::MAX);
        Versions { client, clock, done, since_ms: clock.now_ms(), steps: Vec::new() }
    }

    pub(super) async fn look(&mut self) -> anyhow::Result<String> {
        let row = self.client.query_one("SELECT max(seqnum) FROM versions", &[]).await;
        let done: i64 = row.and_then(|row| row.try_get(0)).context("looking at the migrations")?;
        let (mut from_ms, now_ms) = (self.since_ms, self.clock.now_ms());
        // Several that ended between two looks share the time between them.
        let count = (done - self.done).max(1) as f64;
        for number in self.done + 1..=done {
            let to_ms = from_ms + (now_ms - self.since_ms) / count;
            self.steps.push(step(number, from_ms, to_ms));
            from_ms = to_ms;
        }
        let moved = done > self.done;
        self.done = done;
        if moved {
            self.since_ms = now_ms;
        }
        Ok(format!("migration {done} is the last one done"))
    }

    pub(super) fn finish(self) -> Vec<StepRecord> {
        self.steps
    }

    /// The next migration cannot have begun before this moment.
    pub(super) fn release_begins(&mut self) {
        self.since_ms = self.clock.now_ms();
    }
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
