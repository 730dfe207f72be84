//! What befalls those who take part, rather in the middle of a unit of work than anywhere.
//!
//! In mid-unit: the gate is closed ([`super::gate`]), whoever waits there is struck, and where it was paused
//! or cut off it is let go only when the ledger says that somebody else has taken over, so that it
//! tries to commit late. Singletons: a new epoch; jobs: the claim taken away. Either before its successor could commit
//! (let go, then the gate opens), or after (the gate opens, the successor commits, let go).
//!
//! The ledger's word only chooses the moment; what holds is judged by the order of commits.

use super::fleet::Fleet;
use super::gate::{Closed, Gate};
use super::member::{Part, Program};
use super::{APP, LEASE, release_of};
use anyhow::Context;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use std::time::Duration;
use tokio::time::Instant;

/// For how long a unit to strike into is waited for.
const VICTIM_WAIT: Duration = Duration::from_secs(3);
/// For how long a successor may take over. Beyond it the lock waits of those at the gate would end.
const SUCCESSION_WAIT: Duration = Duration::from_millis(4_500);
/// For how long a successor may take to commit: less than the server lets a transaction be idle.
const SUCCESSOR_COMMIT_WAIT: Duration = Duration::from_millis(900);
const LOOK_PAUSE: Duration = Duration::from_millis(20);

const HOLDER: &str =
    "SELECT i.pid FROM changeover.worker w JOIN changeover.instance i ON i.id = w.holder
                       WHERE w.app = $1 AND w.name = $2";
const EPOCH: &str = "SELECT epoch FROM changeover.worker WHERE app = $1 AND name = $2";
/// The job that a process is at: claimed, not run before, the first in its order.
const JOB: &str = "SELECT j.id, j.attempt FROM changeover.job j JOIN changeover.instance i ON i.id = j.claimant
                   JOIN changeover.job_kind k ON k.id = j.kind_id
                    WHERE i.pid = $1 AND i.left_at IS NULL AND k.kind = 'greet' ORDER BY j.id LIMIT 1";
/// Whether that claim of it stands.
const CLAIMED: &str = "SELECT EXISTS (SELECT FROM changeover.job
                        WHERE id = $1 AND attempt = $2 AND claimant IS NOT NULL)";
const IS_GONE: &str = "SELECT NOT EXISTS (SELECT FROM changeover.job WHERE id = $1)";

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

/// Whose unit it is, and what says that somebody else has it.
struct Held {
    epoch: Option<i64>,
    job: Option<(i64, i32)>,
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

    async fn strike_in_unit(
        &mut self,
        gate: Gate,
        fault: Fault,
        target: &'static str,
        rng: &mut StdRng,
    ) -> anyhow::Result<()> {
        let closed = gate.close(&self.stage.superuser_url).await?;
        if gate == Gate::Greet {
            self.enqueue().await?;
        }
        let Some(at) = self.victim(&closed, gate, rng).await? else {
            self.happened.missed += 1;
            return closed.open().await;
        };
        let program = self.members[at].program;
        let held = self.held(gate, at).await?;
        let part = self.part(at, gate, rng);
        if matches!(fault, Fault::Kill | Fault::Tell) {
            let member = self.members.remove(at);
            self.happened.count(program, "of them in mid-unit");
            if fault == Fault::Tell {
                // It drains while its unit is still held up; it ends when the gate opens.
                member.signal(Part::Agent, "TERM").await?;
                closed.open().await?;
            }
            // A killed one's transaction ends while the gate is closed; its successor comes up to it.
            self.dismiss(member, fault == Fault::Kill).await?;
            return self.add(&[program], target).await;
        }
        self.begin(at, part, fault, true).await?;
        if fault == Fault::Cut {
            return closed.open().await;
        }
        let is_taken = self.until_taken(gate, &held).await?;
        // A process of ours in Rust knows by its own clock that its lease is over, once it has had time
        // to look: it must find the answer there that it waits for.
        let late = matches!(program, Program::Central | Program::Rust) && gate != Gate::Greet
            || rng.random_range(0..2) == 0;
        if late {
            closed.open().await?;
            self.until_committed(gate, &held).await?;
            self.let_go(at, part, fault).await?;
        } else {
            self.let_go(at, part, fault).await?;
            closed.open().await?;
        }
        self.happened.let_go_late += u32::from(is_taken);
        Ok(())
    }

    /// Which processes of a member are struck. A job's process is only taken for dead when its agent is.
    fn part(&self, at: usize, gate: Gate, rng: &mut StdRng) -> Part {
        match (self.members[at].program.has_agent(), gate) {
            (true, Gate::Greet) if rng.random_range(0..2) == 0 => Part::Agent,
            (true, Gate::Tally) if rng.random_range(0..2) == 0 => Part::Worker,
            _ => Part::Whole,
        }
    }

    async fn begin(
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
                // Whoever loses only its agent works on.
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

    async fn let_go(&mut self, at: usize, part: Part, fault: Fault) -> anyhow::Result<()> {
        let member = &self.members[at];
        if fault == Fault::Pause {
            member.signal(part, "CONT").await?;
        } else {
            member.proxy.heal();
        }
        self.away.remove(member.pid()?);
        Ok(())
    }

    /// Who waits at the gate.
    async fn victim(
        &self,
        closed: &Closed,
        gate: Gate,
        rng: &mut StdRng,
    ) -> anyhow::Result<Option<usize>> {
        let deadline = Instant::now() + VICTIM_WAIT;
        while Instant::now() < deadline {
            let waiting = closed.waiting().await?;
            let found = match gate.worker() {
                Some(worker) if gate == Gate::Reprocessor && !waiting.is_empty() => {
                    let holder = self.client.query_opt(HOLDER, &[&APP, &worker]).await?;
                    let pid = holder.and_then(|row| u32::try_from(row.get::<_, i32>(0)).ok());
                    self.members.iter().position(|member| member.pid().ok() == pid)
                }
                _ => {
                    let mut places: Vec<usize> = (0..self.members.len())
                        .filter(|&at| {
                            waiting
                                .iter()
                                .any(|session| release_of(session) == self.members[at].name)
                        })
                        .collect();
                    places.shuffle(rng);
                    places.pop()
                }
            };
            if found.is_some() {
                return Ok(found);
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
        Ok(None)
    }

    async fn held(&self, gate: Gate, at: usize) -> anyhow::Result<Held> {
        let Some(worker) = gate.worker() else {
            let pid = i32::try_from(self.members[at].pid()?).context("a process's number")?;
            let row = self.client.query_opt(JOB, &[&pid]).await?;
            return Ok(Held { epoch: None, job: row.map(|row| (row.get(0), row.get(1))) });
        };
        let epoch = self.client.query_one(EPOCH, &[&APP, &worker]).await?.get(0);
        Ok(Held { epoch: Some(epoch), job: None })
    }

    /// Whether somebody else has it by then.
    async fn until_taken(&self, gate: Gate, held: &Held) -> anyhow::Result<bool> {
        let deadline = Instant::now() + SUCCESSION_WAIT;
        while Instant::now() < deadline {
            let is_taken = match (gate.worker(), held.epoch, held.job) {
                (Some(worker), Some(before), _) => {
                    let row = self.client.query_one(EPOCH, &[&APP, &worker]).await?;
                    row.get::<_, i64>(0) > before
                }
                (_, _, Some((job, attempt))) => {
                    let row = self.client.query_one(CLAIMED, &[&job, &attempt]).await?;
                    !row.get::<_, bool>(0)
                }
                _ => false,
            };
            if is_taken {
                return Ok(true);
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
        Ok(false)
    }

    /// Until the successor has committed, as far as a table says so; bounded.
    async fn until_committed(&self, gate: Gate, held: &Held) -> anyhow::Result<()> {
        let told = "SELECT EXISTS (SELECT FROM tally WHERE epoch > $1)";
        let deadline = Instant::now() + SUCCESSOR_COMMIT_WAIT;
        while Instant::now() < deadline {
            let is_committed = match (gate, held.epoch, held.job) {
                (Gate::Tally, Some(before), _) => {
                    self.client.query_one(told, &[&before]).await?.get::<_, bool>(0)
                }
                (_, _, Some((job, _))) => {
                    self.client.query_one(IS_GONE, &[&job]).await?.get::<_, bool>(0)
                }
                _ => false,
            };
            if is_committed {
                return Ok(());
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
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
