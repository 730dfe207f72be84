//! A strike into a unit of work: after its first write, before its commit.
//!
//! The gate is closed ([`super::gate`]), the process that waits there is struck, and where it was paused
//! or cut off it is let go only when the ledger says that it has lost what it held
//! ([`super::succession`]), so that it tries to commit late. Either before its successor could commit (let
//! go, then the gate opens), or after (the gate opens, the successor commits, let go).

use super::fleet::Fleet;
use super::gate::Gate;
use super::member::{Part, Program};
use super::strike::Fault;
use rand::Rng;
use rand::rngs::StdRng;

impl Fleet<'_> {
    pub(super) async fn strike_in_unit(
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
}
