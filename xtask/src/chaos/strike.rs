//! What befalls those who take part, rather in the middle of a unit of work ([`super::in_unit`]) than
//! anywhere; and races of schedulers. Called by the chore for each event.

use super::LEASE;
use super::fleet::Fleet;
use super::gate::Gate;
use super::member::Part;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use std::time::Duration;
use tokio::time::Instant;

/// For how long a unit to strike into is waited for.
pub(super) const VICTIM_WAIT: Duration = Duration::from_secs(3);
/// Between two looks.
pub(super) const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// What befalls somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Kill,
    Tell,
    Pause,
    Cut,
    /// Cut off without being told, until others have taken over.
    Hang,
}

/// One of the things that happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strike {
    InUnit(Gate, Fault),
    Anywhere(Fault),
    /// All schedulers enqueue the same times at once.
    Race,
}

/// Every strike as often as it should come; the first three come first, so that a short run has them.
const STRIKES: [Strike; 16] = [
    Strike::InUnit(Gate::Tally, Fault::Pause),
    Strike::InUnit(Gate::Greet, Fault::Pause),
    Strike::Race,
    Strike::InUnit(Gate::Tally, Fault::Pause),
    Strike::InUnit(Gate::Tally, Fault::Hang),
    Strike::InUnit(Gate::Tally, Fault::Kill),
    Strike::InUnit(Gate::Tally, Fault::Tell),
    Strike::InUnit(Gate::Tally, Fault::Cut),
    Strike::InUnit(Gate::Greet, Fault::Pause),
    Strike::InUnit(Gate::Greet, Fault::Hang),
    Strike::InUnit(Gate::Greet, Fault::Kill),
    Strike::InUnit(Gate::Reprocessor, Fault::Pause),
    Strike::InUnit(Gate::Reprocessor, Fault::Kill),
    Strike::Anywhere(Fault::Pause),
    Strike::Anywhere(Fault::Hang),
    Strike::Anywhere(Fault::Cut),
];

/// The strikes that come next.
pub(super) struct Deck(Vec<Strike>);

impl Deck {
    pub(super) fn new() -> Self {
        Self(STRIKES[..3].iter().rev().copied().collect())
    }

    pub(super) fn draw(&mut self, rng: &mut StdRng) -> Strike {
        if self.0.is_empty() {
            self.0 = STRIKES.to_vec();
            self.0.shuffle(rng);
        }
        self.0.pop().unwrap_or(Strike::Race)
    }
}

impl Fleet<'_> {
    pub(super) async fn strike(
        &mut self,
        strike: Strike,
        target: &'static str,
        rng: &mut StdRng,
    ) -> anyhow::Result<()> {
        match strike {
            Strike::Race => self.race(target, rng).await,
            Strike::Anywhere(fault) => {
                let at = rng.random_range(0..self.members.len());
                let part = self.part(at, Gate::Tally, rng);
                self.begin(at, part, fault, false).await?;
                if matches!(fault, Fault::Pause | Fault::Hang) {
                    tokio::time::sleep(LEASE * 3 / 2).await;
                    self.let_go(at, part, fault).await?;
                }
                Ok(())
            }
            Strike::InUnit(gate, fault) => self.strike_in_unit(gate, fault, target, rng).await,
        }
    }

    /// Which processes of a member are struck. A job's process is only taken for dead when its agent is.
    pub(super) fn part(&self, at: usize, gate: Gate, rng: &mut StdRng) -> Part {
        match (self.members[at].program.has_agent(), gate) {
            (true, Gate::Greet) if rng.random_range(0..2) == 0 => Part::Agent,
            (true, Gate::Tally) if rng.random_range(0..2) == 0 => Part::Worker,
            _ => Part::Whole,
        }
    }

    pub(super) async fn begin(
        &mut self,
        at: usize,
        part: Part,
        fault: Fault,
        in_unit: bool,
    ) -> anyhow::Result<()> {
        let member = &self.members[at];
        let (pid, program) = (member.pid()?, member.program);
        let what = match (fault, in_unit) {
            (Fault::Pause, true) => "paused in mid-unit",
            (Fault::Pause, false) => "paused",
            (Fault::Hang, true) => "cut off in mid-unit",
            (Fault::Hang, false) => "cut off",
            (_, true) => "connections cut in mid-unit",
            (_, false) => "connections cut",
        };
        match fault {
            Fault::Pause => {
                // The one that loses only its agent works on.
                if part != Part::Agent {
                    self.away.add(pid);
                }
                member.signal(part, "STOP").await?;
            }
            Fault::Hang => {
                self.away.add(pid);
                member.proxy.hang();
            }
            _ => member.proxy.cut(),
        }
        self.happened.count(program, what);
        Ok(())
    }

    pub(super) async fn let_go(
        &mut self,
        at: usize,
        part: Part,
        fault: Fault,
    ) -> anyhow::Result<()> {
        let member = &self.members[at];
        if fault == Fault::Pause {
            member.signal(part, "CONT").await?;
        } else {
            member.proxy.heal();
        }
        self.away.remove(member.pid()?);
        Ok(())
    }

    /// Holds the schedules' rows until several schedulers wait to enqueue the same times. Those of one
    /// release alone do.
    async fn race(&mut self, target: &'static str, rng: &mut StdRng) -> anyhow::Result<()> {
        self.finish(target, rng).await?;
        const HOLD: &str = "BEGIN; SELECT FROM changeover.schedule FOR UPDATE";
        const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
              WHERE query LIKE '%changeover.tick_v1%' AND wait_event_type = 'Lock'";
        let holder = self.stage.client().await?;
        holder.batch_execute(HOLD).await?;
        let deadline = Instant::now() + VICTIM_WAIT;
        let mut waiting = 0;
        while waiting < 2 && Instant::now() < deadline {
            waiting = self.client.query_one(WAITING, &[]).await?.get::<_, i64>(0);
            tokio::time::sleep(LOOK_PAUSE).await;
        }
        holder.batch_execute("COMMIT").await?;
        self.happened.races += u32::from(waiting >= 2);
        Ok(())
    }
}
