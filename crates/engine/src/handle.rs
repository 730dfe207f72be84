//! What a service embeds: starts with the process, says when it may serve, leaves at the end.
//!
//! ```no_run
//! # async fn serve() {}
//! # async fn example(migrations: Vec<changeover_plan::Migration>) -> Result<(), changeover::Error> {
//! let mut options = changeover::Options::new("shop", "2.3", migrations);
//! options.owner_url = Some("postgres://shop_owner@db/shop".to_owned());
//! options.service_url = Some("postgres://shop@db/shop".to_owned());
//! options.service_roles = vec!["shop".to_owned()];
//! let upgrade = changeover::Changeover::start(options).await?;
//! upgrade.wait_until_servable().await?; // expand steps are done, by us or by another instance
//! upgrade.mark_serving().await?;
//! serve().await;                        // online steps go on in the background
//! upgrade.leave().await
//! # }
//! ```

use crate::admission::Admission;
use crate::connection::{self, Connection, Purpose, pooler};
use crate::driver::{Driver, Until, Upgrade};
use crate::error::{Error, chain};
use crate::health::Health;
use crate::instance::{Instance, InstanceState, Refusal};
use crate::latency::LatencyRecorder;
use crate::ledger::bootstrap;
use crate::options::Options;
use changeover_ledger::control::Control;
use changeover_plan::StepId;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio_postgres::types::Type;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// For how long leaving waits for the background work: a batch and the giving back of the term.
const LEAVE_WAIT: Duration = Duration::from_secs(10);

/// For how long reporting the latency may take: the next report is due a second later.
const REPORT_WAIT: Duration = Duration::from_secs(2);
/// How often what is recorded is reported: a report counts for ten seconds.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// A running instance of a release.
pub struct Changeover {
    options: Arc<Options>,
    instance: Arc<Instance>,
    refusal: Refusal,
    upgrade: watch::Receiver<Upgrade>,
    health: Health,
    stop: CancellationToken,
    driver: Mutex<Option<JoinHandle<()>>>,
    watch: Mutex<Option<Connection>>,
    reports: Control,
}

impl Changeover {
    /// Makes the ledger if need be, registers, and begins (or waits for) the upgrade in the
    /// background. Fails where the release is below the floor or does not fit the ledger, or where
    /// the owner's connection is pooled.
    pub async fn start(options: Options) -> Result<Self, Error> {
        options.check()?;
        let options = Arc::new(options);
        if let Some(url) = &options.owner_url {
            let name = options.application_name();
            let mut owner = pooler::open_owner(url, &name, Purpose::Watch).await?;
            bootstrap::ensure(&mut owner, &options.app, &options.service_roles).await?;
            crate::history::check(&owner, &options).await?;
        }
        let (instance, refusal) = Instance::register(Arc::clone(&options)).await?;
        let waiting = Upgrade::Waiting("the ledger was not read yet".to_owned());
        let (sender, upgrade) = watch::channel(waiting);
        let health = Health::new(upgrade.clone(), refusal.clone());
        let stop = CancellationToken::new();
        let driver = spawn_driver(&options, instance.id(), stop.clone(), sender);
        let reports = Control::new(Arc::clone(&options), Purpose::Service, REPORT_WAIT);
        Ok(Self {
            options,
            instance: Arc::new(instance),
            refusal,
            upgrade,
            health,
            stop,
            driver: Mutex::new(Some(driver)),
            watch: Mutex::new(None),
            reports,
        })
    }

    /// Waits until everything that this release needs is done; an error says why that cannot be.
    pub async fn wait_until_servable(&self) -> Result<(), Error> {
        let mut upgrade = self.upgrade.clone();
        let mut refusal = self.refusal.clone();
        // Ends with the upgrade or with the process: the steps themselves are bounded.
        loop {
            match &*upgrade.borrow_and_update() {
                Upgrade::Servable => return Ok(()),
                Upgrade::Failed(error) => return Err(Error::Shared(Arc::clone(error))),
                Upgrade::Waiting(why) => tracing::debug!(why, "not servable yet"),
            }
            if let Some(error) = &*refusal.borrow_and_update() {
                return Err(Error::Shared(Arc::clone(error)));
            }
            let changed = tokio::select! {
                changed = upgrade.changed() => changed,
                changed = refusal.changed() => changed,
            };
            if changed.is_err() {
                return Err(Error::Stopped);
            }
        }
    }

    /// Waits until this release must stop serving, because the floor has passed it.
    pub async fn wait_until_refused(&self) -> Arc<Error> {
        let mut refusal = self.refusal.clone();
        loop {
            if let Some(error) = &*refusal.borrow_and_update() {
                return Arc::clone(error);
            }
            if refusal.changed().await.is_err() {
                // The heart has ended with the instance: nothing will be refused any more.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Says that the service serves: ready, and counted for how far the floor may rise.
    pub async fn mark_serving(&self) -> Result<(), Error> {
        self.instance.set_state(InstanceState::Serving).await?;
        self.health.set_serving();
        Ok(())
    }

    /// Says that the service is told to stop: not ready from now on; background work is given back.
    pub async fn drain(&self) -> Result<(), Error> {
        self.health.set_draining();
        self.stop.cancel();
        self.instance.set_state(InstanceState::Draining).await
    }

    /// What the probes answer; see [`crate::health::router`].
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// The instance's id in the ledger.
    pub fn instance_id(&self) -> Uuid {
        self.instance.id()
    }

    /// The registered instance: what background work, caches and the share of connections begin with.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// With what it was started.
    pub fn options(&self) -> &Arc<Options> {
        &self.options
    }

    /// What the service's pool calls for each connection that it makes.
    pub fn admission(&self) -> Admission {
        Admission::new(&self.instance)
    }

    /// Whether a step is done, e.g. a backfill whose column is to be read. `false` while unknown.
    pub async fn is_done(&self, step: &StepId) -> Result<bool, Error> {
        let mut watch = self.watch.lock().await;
        if watch.as_ref().is_none_or(|open| open.client.is_closed()) {
            let url = self.options.service_url.as_ref().or(self.options.owner_url.as_ref());
            let url = url.ok_or(Error::NoLedger)?;
            let name = self.options.application_name();
            *watch = Some(connection::open(url, &name, Purpose::Service).await?);
        }
        let Some(open) = watch.as_ref() else {
            return Ok(false);
        };
        let rows = open
            .client
            .query_typed(
                "SELECT changeover.is_done($1, $2)",
                &[(&self.options.app, Type::TEXT), (&step.as_str(), Type::TEXT)],
            )
            .await
            .map_err(|source| Error::sql("asking whether a step is done", source))?;
        Ok(rows.first().is_some_and(|row| row.get(0)))
    }

    /// Says how long the service's requests took lately, as the duration that 95 of a hundred don't exceed: what
    /// runs long gives way where that has got worse. Every second or so; counts for ten. See
    /// [`crate::LatencyRecorder`] for who has no such figure at hand.
    ///
    /// # Errors
    /// When the database cannot be reached; a report that is lost does no harm.
    pub async fn report_latency(&self, p95: Duration) -> Result<(), Error> {
        let (source, p95_ms) = (self.instance_id().to_string(), p95.as_secs_f64() * 1000.0);
        let parameters: [connection::Parameter<'_>; 3] =
            [(&self.options.app, Type::TEXT), (&source, Type::TEXT), (&p95_ms, Type::FLOAT8)];
        let sql = "SELECT changeover.report_latency_v1($1, $2, $3)";
        self.reports.call("reporting the service's latency", sql, &parameters).await?;
        Ok(())
    }

    /// Reports what is recorded, every second until the service leaves or the recorder's other owners are gone.
    /// Takes one connection more.
    pub fn report_from(self: &Arc<Self>, recorder: &Arc<LatencyRecorder>) {
        let (upgrade, recorder) = (Arc::downgrade(self), Arc::downgrade(recorder));
        let stop = self.stop.clone();
        self.instance.own_connections().add(1);
        tokio::spawn(async move {
            while let (Some(upgrade), Some(recorder)) = (upgrade.upgrade(), recorder.upgrade()) {
                if let Some(p95) = recorder.take_p95()
                    && let Err(error) = upgrade.report_latency(p95).await
                {
                    tracing::debug!(error = chain(&error), "the latency was not reported");
                }
                drop((upgrade, recorder));
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(REPORT_EVERY) => {}
                }
            }
        });
    }

    /// Leaves: gives back the term, waits a bounded time for the open batch, and unregisters.
    pub async fn leave(&self) -> Result<(), Error> {
        self.health.set_draining();
        self.stop.cancel();
        if let Some(driver) = self.driver.lock().await.take()
            && tokio::time::timeout(LEAVE_WAIT, driver).await.is_err()
        {
            tracing::warn!("the background work did not end in time; its term expires by itself");
        }
        self.instance.leave().await
    }
}

impl Drop for Changeover {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn spawn_driver(
    options: &Arc<Options>,
    holder: Uuid,
    stop: CancellationToken,
    upgrade: watch::Sender<Upgrade>,
) -> JoinHandle<()> {
    let options = Arc::clone(options);
    match options.owner_url.clone() {
        Some(owner_url) => {
            let driver =
                Driver { options, owner_url, holder, stop, upgrade, until: Until::Stopped };
            tokio::spawn(async move {
                match driver.run().await {
                    Ok(_) | Err(Error::Stopped) => {}
                    Err(error) => tracing::error!(error = chain(&error), "the upgrade has failed"),
                }
            })
        }
        None => tokio::spawn(only_watch(options, stop, upgrade)),
    }
}

/// An instance that never migrates only looks whether it may serve.
async fn only_watch(
    options: Arc<Options>,
    stop: CancellationToken,
    upgrade: watch::Sender<Upgrade>,
) {
    while !stop.is_cancelled() && !matches!(*upgrade.borrow(), Upgrade::Servable) {
        if let Some(url) = &options.service_url {
            let name = options.application_name();
            let outcome = match connection::open(url, &name, Purpose::Service).await {
                Ok(open) => crate::driver::report(&open, &options, &upgrade).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                tracing::warn!(error = chain(&error), "standing not read; trying again");
            }
        }
        tokio::time::sleep(options.timing.poll).await;
    }
}
