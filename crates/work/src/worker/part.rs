//! The singleton workers of one process: declared, started, drained together.

use super::SingletonWorker;
use super::news::{self, Board};
use super::owner::{Ended, Last, Owner};
use super::renewal::Renewals;
use crate::error::Error;
use crate::fence::{FenceKey, UNIQUE_KEY};
use crate::generation::{DrainReport, Member, Parameter, Part};
use changeover_ledger::number::milliseconds;
use futures_util::future::BoxFuture;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_postgres::types::Type;

const DECLARE: &str = "SELECT changeover.declare_worker_v1($1, $2, $3, $4, $5)";
const RETIRE: &str = "SELECT changeover.retire_worker_v1($1, $2)";

/// For how long a hand-over may take after the budget for units is spent.
const HANDOVER_WAIT: Duration = Duration::from_secs(10);

type Loop = (String, JoinHandle<Option<Last>>);

pub(crate) struct Workers {
    member: Member,
    workers: Vec<Arc<dyn SingletonWorker>>,
    retired: Vec<String>,
    renewals: Renewals,
    board: watch::Sender<Board>,
    drain: watch::Sender<Option<Instant>>,
    loops: Mutex<Vec<Loop>>,
}

impl Workers {
    /// Fails where a name stands twice.
    pub(crate) fn new(
        member: Member,
        workers: Vec<Arc<dyn SingletonWorker>>,
        retired: Vec<String>,
    ) -> Result<Self, Error> {
        let mut names = BTreeSet::new();
        for name in
            workers.iter().map(|worker| worker.name()).chain(retired.iter().map(String::as_str))
        {
            if !names.insert(name) {
                return Err(Error::Invalid(format!("worker {name} is added or retired twice")));
            }
        }
        let renewals = Renewals::new(member.clone());
        Ok(Self {
            member,
            workers,
            retired,
            renewals,
            board: watch::Sender::new(Board::default()),
            drain: watch::Sender::new(None),
            loops: Mutex::new(Vec::new()),
        })
    }

    async fn declare_all(&self) -> Result<(), Error> {
        if self.workers.is_empty() && self.retired.is_empty() {
            return Ok(());
        }
        let asking = "looking at the workers' key";
        KEY.require(&self.member.call(asking, UNIQUE_KEY, &KEY.parameters()).await?)?;
        let instance = self.member.instance_id();
        let lease_ms = milliseconds(self.member.options().timing.lease);
        for worker in &self.workers {
            let handover_ms = milliseconds(worker.handover());
            let parameters: [Parameter<'_>; 5] = [
                (&instance, Type::UUID),
                (&worker.name(), Type::TEXT),
                (&worker.owner_from(), Type::INT8),
                (&handover_ms, Type::INT8),
                (&lease_ms, Type::INT8),
            ];
            self.member.call("declaring a worker", DECLARE, &parameters).await?;
        }
        for name in &self.retired {
            self.member
                .call("retiring a worker", RETIRE, &[(&instance, Type::UUID), (name, Type::TEXT)])
                .await?;
        }
        Ok(())
    }

    async fn drain_all(&self, until: Instant) -> DrainReport {
        self.drain.send_replace(Some(until));
        let loops = std::mem::take(&mut *self.loops.lock().unwrap_or_else(PoisonError::into_inner));
        let mut report = DrainReport::default();
        for (name, handle) in loops {
            let last = tokio::time::timeout_at(until + HANDOVER_WAIT, handle).await;
            let Ok(Ok(last)) = last else {
                tracing::warn!(worker = name, "not handed over in time: its lease runs out");
                report.cut.push(name);
                continue;
            };
            let Some(last) = last else { continue };
            if last.cut {
                report.cut.push(name.clone());
            }
            match last.ended {
                Ended::HandedOver => report.handed_over.push(name),
                Ended::GivenBack => report.given_back.push(name),
                Ended::Lost => {}
            }
        }
        report
    }
}

impl Part for Workers {
    fn declare(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.declare_all())
    }

    fn start(&self) {
        if self.workers.is_empty() {
            return;
        }
        tokio::spawn(self.renewals.clone().run());
        tokio::spawn(news::run(self.member.clone(), self.board.clone()));
        let mut loops = self.loops.lock().unwrap_or_else(PoisonError::into_inner);
        for worker in &self.workers {
            let owner = Owner {
                member: self.member.clone(),
                worker: Arc::clone(worker),
                board: self.board.subscribe(),
                renewals: self.renewals.clone(),
                drain: self.drain.subscribe(),
            };
            loops.push((worker.name().to_owned(), tokio::spawn(owner.run())));
        }
    }

    fn drain(&self, until: Instant) -> BoxFuture<'_, DrainReport> {
        Box::pin(self.drain_all(until))
    }
}

/// The key of the workers' fence.
const KEY: FenceKey = FenceKey {
    table: "changeover.worker",
    constraint: "worker_epoch",
    columns: &["app", "name", "epoch"],
    between: "owners",
};
