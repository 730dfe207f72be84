//! One running instance of central: its port, its pool, its migrations, its leaving.
//!
//! [`Central::listen`] answers probes at once, [`Central::serve`] waits for the migrations and then
//! lets requests in, [`Central::drain`] leaves so that no request fails (see [`drain`]).
//! Called by `command/serve.rs`, and by tests directly.

mod accept;
mod connection;
pub mod drain;
mod in_flight;

use crate::{
    cluster_health::HealthLoop,
    database::{self, Pool, PoolBounds},
    error::CentralError,
    policies::Policies,
    release::Release,
    route::{self, Lifecycle, ServiceState, StreamBook},
    settings::{DrainTiming, Settings},
    upgrade::Upgrade,
};
use changeover::LatencyRecorder;
use drain::{DrainPhase, DrainReport};
use in_flight::InFlight;
use std::{net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// A running instance. Dropping it without [`Central::drain`] cuts its connections, as a crash does.
#[derive(Debug)]
pub struct Central {
    release: &'static Release,
    address: SocketAddr,
    pool: Pool,
    policies: Policies,
    lifecycle: watch::Sender<Lifecycle>,
    phase: watch::Sender<DrainPhase>,
    acceptor: accept::Acceptor,
    connections: TaskTracker,
    in_flight: Arc<InFlight>,
    streams: Arc<StreamBook>,
    health: HealthLoop,
    drain: DrainTiming,
    upgrade: Arc<Upgrade>,
}

impl Central {
    /// Listens, migrates, serves. Returns once requests are served.
    ///
    /// # Errors
    /// When the port is taken, the database cannot be reached, or a migration fails.
    pub async fn start(settings: Settings) -> Result<Self, CentralError> {
        let central = Self::listen(settings).await?;
        match central.serve().await {
            Ok(()) => Ok(central),
            Err(error) => {
                central.drain().await;
                Err(error)
            }
        }
    }

    /// Listens and registers; answers probes, and the API with 503.
    ///
    /// # Errors
    /// When the port is taken, or the registry cannot be reached or refuses this release.
    pub async fn listen(settings: Settings) -> Result<Self, CentralError> {
        let listener = TcpListener::bind(settings.listen)
            .await
            .map_err(|source| CentralError::Listen { address: settings.listen, source })?;
        let address = listener
            .local_addr()
            .map_err(|source| CentralError::Listen { address: settings.listen, source })?;
        let (lifecycle, lifecycle_seen) = watch::channel(Lifecycle::Starting);
        let (phase, _) = watch::channel(DrainPhase::Serving);
        let upgrade = Arc::new(Upgrade::new(&settings).await?);
        let pool = database::pool(
            &settings.database_url,
            settings.release,
            PoolBounds {
                connections_max: settings.pool_connections_max,
                wait: settings.pool_wait,
                waiting_max: settings.pool_waiting_max,
            },
            upgrade.admission(),
            upgrade.connection_share(&settings).await?,
        )?;
        let policies = Policies::new(pool.clone(), settings.statement_mode, settings.release);
        let streams = Arc::new(StreamBook::default());
        let latency = Arc::new(LatencyRecorder::default());
        upgrade.report_from(&latency);
        let state = ServiceState {
            release: settings.release,
            pool: pool.clone(),
            policies: policies.clone(),
            statement_mode: settings.statement_mode,
            instance_id: Uuid::new_v4(),
            lifecycle: lifecycle_seen,
            upgrade: Arc::clone(&upgrade),
            latency: Arc::clone(&latency),
            streams: Arc::clone(&streams),
        };
        let health =
            HealthLoop::start(state.clone(), settings.health, settings.trial.health_unguarded);
        let connections = TaskTracker::new();
        let in_flight = Arc::new(InFlight::default());
        let acceptor = accept::Acceptor::start(
            listener,
            accept::Parts {
                router: route::router(state),
                phase: phase.clone(),
                connections: connections.clone(),
                in_flight: Arc::clone(&in_flight),
            },
        );
        Ok(Self {
            release: settings.release,
            address,
            pool,
            policies,
            lifecycle,
            phase,
            acceptor,
            connections,
            in_flight,
            streams,
            health,
            drain: settings.drain,
            upgrade,
        })
    }

    /// Waits until all is done that must be done before serving, then serves.
    ///
    /// # Errors
    /// When a migration fails, or this release may not serve.
    pub async fn serve(&self) -> Result<(), CentralError> {
        self.upgrade.wait_until_servable().await?;
        if let Some(caches) = self.upgrade.caches().await? {
            self.policies.share(&caches);
        }
        if let Err(error) = self.pool.open_first().await {
            let error = changeover::chain(&error);
            tracing::warn!(error, "no connection yet; the first requests ask again");
        }
        self.lifecycle.send_replace(Lifecycle::Serving);
        tracing::info!(release = self.release.name, address = %self.address, "serving");
        Ok(())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections the pool may have at present.
    pub fn pool_limit(&self) -> usize {
        self.pool.limit()
    }

    /// How many requests wait for a connection of the pool.
    pub fn pool_waiting(&self) -> usize {
        self.pool.waiting()
    }

    /// Returns when this release may serve no longer, because the floor has passed it.
    pub async fn wait_until_refused(&self) -> CentralError {
        self.upgrade.wait_until_refused().await
    }

    /// How often the health loop has gone round.
    pub fn health_rounds(&self) -> u64 {
        self.health.rounds()
    }

    /// Leaves so that no request fails: takes as long as [`DrainTiming`] says, at most, and says what
    /// was cut. Who never served, leaves at once.
    pub async fn drain(self) -> DrainReport {
        drain::drain(self).await
    }
}
