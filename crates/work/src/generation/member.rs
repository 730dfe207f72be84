//! A member: an instance that takes part in background work. Cheap to clone; every part has one.

use super::{Control, Parameter};
use crate::connection::Purpose;
use crate::error::Error;
use crate::instance::{Instance, Standing, meaning};
use crate::options::Options;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const JOIN: &str = "SELECT changeover.join_v1($1, $2)";
const SETTLE: &str = "SELECT changeover.settle_v1($1)";

/// For how long a call may take: the ledger's functions give up waiting for a lock after 2 s, and a
/// pooler may keep us waiting for a session.
const CALL_WAIT: Duration = Duration::from_secs(8);

/// What a part wants to be woken for. Each is woken at every poll, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// The channel `changeover_worker`: an owner or the generation has changed.
    Worker,
    /// The channel `changeover_job`: there is something to claim.
    Job,
}

#[derive(Clone)]
pub(crate) struct Member(Arc<Inner>);

struct Inner {
    options: Arc<Options>,
    instance: Arc<Instance>,
    control: Control,
    worker_wake: watch::Sender<()>,
    job_wake: watch::Sender<()>,
    settle: Notify,
    rejoin: AtomicBool,
    stopped: CancellationToken,
}

impl Member {
    /// Says that this instance takes part, as its generation.
    pub(crate) async fn join(
        options: Arc<Options>,
        instance: Arc<Instance>,
    ) -> Result<Self, Error> {
        let control = Control::new(Arc::clone(&options), Purpose::Service, CALL_WAIT);
        let member = Self(Arc::new(Inner {
            options,
            instance,
            control,
            worker_wake: watch::Sender::new(()),
            job_wake: watch::Sender::new(()),
            settle: Notify::new(),
            rejoin: AtomicBool::new(false),
            stopped: CancellationToken::new(),
        }));
        member.join_again().await?;
        Ok(member)
    }

    pub(super) async fn join_again(&self) -> Result<(), Error> {
        let generation = self.options().generation();
        let joined = self
            .call("joining", JOIN, &[(&self.instance_id(), Type::UUID), (&generation, Type::INT8)])
            .await;
        match joined {
            Ok(_) => Ok(()),
            Err(Error::Sql { action, source }) => Err(meaning(self.options(), source, &action)),
            Err(error) => Err(error),
        }
    }

    /// The options of the release.
    pub(crate) fn options(&self) -> &Arc<Options> {
        &self.0.options
    }

    /// The instance's id: the name under which it owns and claims.
    pub(crate) fn instance_id(&self) -> Uuid {
        self.0.instance.id()
    }

    /// What the ledger has of the instance.
    pub(crate) fn standing(&self) -> watch::Receiver<Standing> {
        self.0.instance.standing()
    }

    /// Calls a function of the ledger on the process's shared connection.
    pub(crate) async fn call(
        &self,
        action: &str,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Error> {
        self.0.control.call(action, sql, parameters).await
    }

    /// Brings switch and owners to what they should be.
    pub(crate) async fn settle(&self) -> Result<(), Error> {
        self.call("settling the owners", SETTLE, &[(&self.options().app, Type::TEXT)]).await?;
        Ok(())
    }

    /// Asks the loop to settle now, not at the next poll.
    pub(crate) fn settle_now(&self) {
        self.0.settle.notify_one();
    }

    pub(super) async fn settle_asked(&self) {
        self.0.settle.notified().await;
    }

    /// To be called by who was told that this instance takes no part (CO004): its rows are gone.
    pub(crate) fn rejoin(&self) {
        self.0.rejoin.store(true, Ordering::Relaxed);
        self.settle_now();
    }

    pub(super) fn take_rejoin(&self) -> bool {
        self.0.rejoin.swap(false, Ordering::Relaxed)
    }

    /// Changes whenever there may be something to do; see [`Topic`].
    pub(crate) fn wakes(&self, topic: Topic) -> watch::Receiver<()> {
        self.wake_sender(topic).subscribe()
    }

    pub(super) fn wake(&self, topic: Topic) {
        self.wake_sender(topic).send_replace(());
    }

    fn wake_sender(&self, topic: Topic) -> &watch::Sender<()> {
        match topic {
            Topic::Worker => &self.0.worker_wake,
            Topic::Job => &self.0.job_wake,
        }
    }

    /// Ends all loops where they are; what is owned is not given back.
    pub(crate) fn stop(&self) {
        self.0.stopped.cancel();
    }

    /// Cancelled by [`Member::stop`].
    pub(crate) fn stopped(&self) -> &CancellationToken {
        &self.0.stopped
    }
}
