//! An instance's share: asked for in the background, kept to by a gate.
//!
//! A share that shrinks: first the gate is lowered, then the database is told what is kept to, and only
//! that much is given to others.

use super::gate::Gate;
use crate::connection::Purpose;
use crate::error::{Error, chain};
use crate::instance::Instance;
use changeover_ledger::control::Control;
use changeover_ledger::own_connections::OwnConnections;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_postgres::types::Type;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

/// What one of all instances has besides while it migrates: lease, work, an index build, the probe of a
/// pooler at a start. Comes off the budget once.
const MIGRATOR: i32 = 4;
/// What asking may take, besides connecting.
const ASK_WAIT: Duration = Duration::from_secs(5);

/// What an instance asks for.
#[derive(Clone, Copy, Debug)]
pub struct ShareOptions {
    /// How many connections the service wants at most.
    pub wanted: usize,
    /// What all instances together may have. `None`: what the server, the database and the login
    /// allow, less `reserve`.
    pub budget: Option<usize>,
    /// What is left to everybody else: people, backups, other applications.
    pub reserve: usize,
    /// How often is asked. A newcomer has its whole share after two or three of these.
    pub beat: Duration,
    /// How often while connections beyond the share are still in use.
    pub beat_shrinking: Duration,
}

impl ShareOptions {
    /// The defaults, with so many wanted.
    pub fn wanting(wanted: usize) -> Self {
        Self {
            wanted,
            budget: None,
            reserve: 5,
            beat: Duration::from_millis(500),
            beat_shrinking: Duration::from_millis(50),
        }
    }
}

/// An instance's share of the connections; asking ends when it is dropped.
#[derive(Clone)]
pub struct ConnectionShare {
    gate: Gate,
    changed: Arc<Notify>,
    _stop: Arc<DropGuard>,
}

impl ConnectionShare {
    /// Asks once, and goes on asking in the background.
    pub async fn start(instance: &Instance, options: ShareOptions) -> Result<Self, Error> {
        let (gate, changed) = (Gate::new(0), Arc::<Notify>::default());
        let mut asking = Asking {
            control: Control::new(Arc::clone(instance.options()), Purpose::Service, ASK_WAIT),
            instance: instance.id(),
            options,
            own: instance.own_connections().clone(),
            gate: gate.clone(),
            changed: Arc::clone(&changed),
            cap: usize::MAX,
        };
        asking.ask().await?;
        let stop = CancellationToken::new();
        tokio::spawn(asking.run(stop.clone()));
        Ok(Self { gate, changed, _stop: Arc::new(stop.drop_guard()) })
    }

    /// Where the service's pool gets a permit for each connection before it opens it; to be kept until
    /// the connection is closed.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Returns when the share may have changed: what is idle beyond it is to be closed.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

impl std::fmt::Debug for ConnectionShare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectionShare").field("gate", &self.gate).finish_non_exhaustive()
    }
}

struct Asking {
    control: Control,
    instance: Uuid,
    options: ShareOptions,
    own: OwnConnections,
    gate: Gate,
    changed: Arc<Notify>,
    /// What the gate lets in at most, our own connections included.
    cap: usize,
}

impl Asking {
    async fn run(mut self, stop: CancellationToken) {
        loop {
            let is_shrinking = self.gate.out() > self.gate.limit();
            let pause = if is_shrinking { self.options.beat_shrinking } else { self.options.beat };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            if let Err(error) = self.ask().await {
                // What is granted stays granted until the instance is given up.
                tracing::warn!(error = chain(&error), "no share asked for; trying again");
            }
        }
    }

    async fn ask(&mut self) -> Result<(), Error> {
        let own = self.own.count();
        // Read after the gate was lowered: it lets nobody in until fewer than its limit are out.
        let held = self.gate.out().saturating_add(own);
        let keeps_to = self.cap.max(held);
        let rows = self
            .control
            .call(
                "asking for a share of the connections",
                "SELECT granted, target, budget FROM changeover.share_v1($1, $2, $3, $4, $5, $6, $7)",
                &[
                    (&self.instance, Type::UUID),
                    (&integer(self.options.wanted.saturating_add(own)), Type::INT4),
                    (&integer(keeps_to), Type::INT4),
                    (&integer(held), Type::INT4),
                    (&self.options.budget.map(integer), Type::INT4),
                    (&(integer(self.options.reserve).saturating_add(MIGRATOR)), Type::INT4),
                    (&integer(own), Type::INT4),
                ],
            )
            .await?;
        let row = rows.first().ok_or_else(|| Error::Invalid("no share was answered".to_owned()))?;
        let (granted, target): (i32, i32) = (row.get(0), row.get(1));
        let cap = usize::try_from(granted.min(target)).unwrap_or(0);
        // Where not even the engine's own fit, the service gets one all the same, out of the reserve: with
        // none it would stand still for good.
        let is_too_small = usize::try_from(target).unwrap_or(0) <= own;
        if cap != self.cap {
            let budget: i32 = row.get(2);
            if is_too_small {
                tracing::warn!(
                    budget,
                    share = target,
                    own,
                    "too few connections for so many instances: raise the budget or max_connections"
                );
            }
            tracing::debug!(cap, granted, target, budget, "connections");
        }
        self.cap = cap;
        self.gate.set_limit(cap.saturating_sub(own).max(usize::from(is_too_small)));
        self.changed.notify_one();
        Ok(())
    }
}

fn integer(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
