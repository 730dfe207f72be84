//! Who is in the middle of a unit, and when somebody else has what it holds: singletons by a new epoch, jobs
//! by the claim that was taken away.
//!
//! The ledger's word only chooses the moment of a strike; what holds is judged by the order of commits.

use super::fleet::Fleet;
use super::gate::{Closed, Gate};
use super::strike::{LOOK_PAUSE, VICTIM_WAIT};
use super::{APP, release_of};
use anyhow::Context;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use std::time::Duration;
use tokio::time::Instant;

/// For how long a successor may take over. Beyond it the lock waits of those at the gate would end.
const SUCCESSION_WAIT: Duration = Duration::from_millis(4_500);
/// For how long a successor may take to commit: less than the server lets a transaction be idle.
const SUCCESSOR_COMMIT_WAIT: Duration = Duration::from_millis(900);
const HOLDER: &str =
    "SELECT i.pid FROM changeover.worker w JOIN changeover.instance i ON i.id = w.holder
                       WHERE w.app = $1 AND w.name = $2";
const EPOCH: &str = "SELECT epoch FROM changeover.worker WHERE app = $1 AND name = $2";
/// The job that a process is at: claimed, not run before, the first in its order.
const JOB: &str = "SELECT c.id, c.attempt FROM changeover.claimed c
                     JOIN changeover.job j ON j.id = c.id AND j.attempt = c.attempt - 1
                     JOIN changeover.instance i ON i.id = c.instance
                     JOIN changeover.job_kind k ON k.id = c.kind_id
                    WHERE i.pid = $1 AND i.left_at IS NULL AND k.kind = 'greet' ORDER BY c.id LIMIT 1";
/// Whether that claim of it stands.
const CLAIMED: &str =
    "SELECT EXISTS (SELECT FROM changeover.job WHERE id = $1 AND attempt = $2::integer - 1)";
const IS_GONE: &str = "SELECT NOT EXISTS (SELECT FROM changeover.job WHERE id = $1)";

/// Whose unit it is, and what says that somebody else has it.
pub(super) struct Held {
    epoch: Option<i64>,
    job: Option<(i64, i32)>,
}

impl Fleet<'_> {
    /// Who waits at the gate.
    pub(super) async fn victim(
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

    pub(super) async fn held(&self, gate: Gate, at: usize) -> anyhow::Result<Held> {
        let Some(worker) = gate.worker() else {
            let pid = i32::try_from(self.members[at].pid()?).context("a process's number")?;
            let row = self.client.query_opt(JOB, &[&pid]).await?;
            return Ok(Held { epoch: None, job: row.map(|row| (row.get(0), row.get(1))) });
        };
        let epoch = self.client.query_one(EPOCH, &[&APP, &worker]).await?.get(0);
        Ok(Held { epoch: Some(epoch), job: None })
    }

    /// Whether somebody else has it by then.
    pub(super) async fn until_taken(&self, gate: Gate, held: &Held) -> anyhow::Result<bool> {
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
    pub(super) async fn until_committed(&self, gate: Gate, held: &Held) -> anyhow::Result<()> {
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
}
