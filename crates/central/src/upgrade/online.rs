//! Migrations by the library `changeover`: online, while older releases serve.
//!
//! Besides what the library does, this asks it every second whether the column is filled that the
//! release's reads want to switch to, so that no request has to ask.

use crate::worker;
use crate::{
    error::CentralError,
    migration, policies,
    release::{FilledColumn, Release},
    roles,
    settings::Settings,
};
use changeover::{Admission, Changeover, LatencyRecorder, Options, health::Health};
use changeover_share::{
    cache::{CacheTiming, Caches, WatchedTable},
    connection_share::{ConnectionShare, ShareOptions},
};
use changeover_work::{Background, BackgroundBuilder};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::task::AbortHandle;

/// The application's name in the ledger.
pub const APP: &str = "central";

/// How often is asked whether the column is filled. Reads may switch a second late.
const FILLED_POLL: Duration = Duration::from_secs(1);

/// An instance's share in the upgrade.
pub struct Online {
    changeover: Arc<Changeover>,
    release: &'static Release,
    is_filled: Arc<AtomicBool>,
    poll: AbortHandle,
    background: Option<Background>,
}

impl Online {
    /// Registers the instance; the upgrade begins, or goes on, in the background.
    ///
    /// # Errors
    /// When the database cannot be reached, or this release may not run on it any more.
    pub(super) async fn start(settings: &Settings) -> Result<Self, CentralError> {
        let release = settings.release;
        let changeover =
            Arc::new(Changeover::start(options(settings)?).await.map_err(CentralError::Upgrade)?);
        let is_filled = Arc::new(AtomicBool::new(false));
        let poll = tokio::spawn(wait_until_filled(
            Arc::clone(&changeover),
            release.reads_after_fill,
            Arc::clone(&is_filled),
        ))
        .abort_handle();
        let background = match &settings.workers {
            Some(workers) => {
                let builder = BackgroundBuilder::new(changeover.instance());
                let builder = worker::start::add(builder, release, workers);
                Some(builder.start().await.map_err(CentralError::Upgrade)?)
            }
            None => None,
        };
        Ok(Self { changeover, release, is_filled, poll, background })
    }

    /// What runs long gives way where requests take longer.
    pub(super) fn report_from(&self, latency: &Arc<LatencyRecorder>) {
        self.changeover.report_from(latency);
    }

    /// Returns once everything is done that must be done before serving.
    pub(super) async fn wait_until_servable(&self) -> Result<(), CentralError> {
        self.changeover.wait_until_servable().await.map_err(CentralError::Upgrade)?;
        self.changeover.mark_serving().await.map_err(CentralError::Upgrade)
    }

    /// Returns when this release may serve no longer.
    pub(super) async fn wait_until_refused(&self) -> CentralError {
        let error = self.changeover.wait_until_refused().await;
        CentralError::Refused { release: self.release.name, reason: changeover::chain(&*error) }
    }

    /// What admits the pool's connections.
    pub(super) fn admission(&self) -> Admission {
        self.changeover.admission()
    }

    /// Caches that hear of other instances' writes.
    pub(super) async fn caches(&self) -> Result<Caches, CentralError> {
        let tables = vec![WatchedTable::whole(policies::TABLE)];
        Caches::start(&self.changeover, tables, CacheTiming::default())
            .await
            .map_err(CentralError::Upgrade)
    }

    /// This instance's share of the server's connections.
    pub(super) async fn connection_share(
        &self,
        settings: &Settings,
    ) -> Result<ConnectionShare, CentralError> {
        let wanted = ShareOptions::wanting(settings.pool_connections_max);
        let wanted = ShareOptions { budget: settings.connection_budget, ..wanted };
        let instance = self.changeover.instance();
        ConnectionShare::start(instance, wanted).await.map_err(CentralError::Upgrade)
    }

    /// Whether the column is filled, as far as was heard.
    pub(super) fn is_filled(&self) -> bool {
        self.is_filled.load(Ordering::Relaxed)
    }

    /// What the probes answer.
    pub(super) fn health(&self) -> Health {
        self.changeover.health()
    }

    /// Whether jobs may be enqueued.
    pub(super) fn has_jobs(&self) -> bool {
        self.background.is_some()
    }

    /// Not ready from now on; background work is handed over. A failure is only noted: the registry
    /// forgets an instance that is silent. Says what was cut.
    pub(super) async fn drain(&self, patience: Duration) -> Vec<String> {
        let background = async {
            match &self.background {
                Some(background) => background.drain(patience).await.cut,
                None => Vec::new(),
            }
        };
        let (drained, cut) = tokio::join!(self.changeover.drain(), background);
        if let Err(error) = drained {
            tracing::warn!(
                error = changeover::chain(&error),
                "the registry was not told of the drain"
            );
        }
        cut
    }

    /// Leaves the registry. A failure is only noted, as for [`Online::drain`].
    pub(super) async fn leave(&self) {
        self.poll.abort();
        if let Err(error) = self.changeover.leave().await {
            tracing::warn!(
                error = changeover::chain(&error),
                "the registry was not told of the end"
            );
        }
    }
}

impl Drop for Online {
    fn drop(&mut self) {
        self.poll.abort();
    }
}

impl std::fmt::Debug for Online {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Online").field("release", &self.release.name).finish_non_exhaustive()
    }
}

fn options(settings: &Settings) -> Result<Options, CentralError> {
    let files = migration::migrations_up_to(settings.release.head);
    let migrations = changeover_plan::source::read(&files).map_err(CentralError::Migrations)?;
    let mut options = Options::new(APP, settings.release.name, migrations);
    options.owner_url = settings.owner_url.clone();
    options.service_url = Some(settings.database_url.clone());
    options.listen_url = settings.listen_url.clone();
    options.service_roles = vec![roles::SERVICE.to_owned()];
    let trial = &settings.trial;
    if let Some(lease) = trial.lease {
        options.timing.lease = lease;
    }
    if let Some(ttl) = trial.instance_ttl {
        options.timing.instance_ttl = ttl;
        options.timing.heartbeat = ttl / 6;
    }
    if let Some(rows) = trial.batch_rows {
        options.pace.batch_rows_first = rows;
        options.pace.batch_rows_max = rows;
    }
    if let Some(ratio) = trial.rest_ratio {
        options.pace.rest_ratio = Some(ratio);
    }
    options.label_commits = trial.label_commits;
    Ok(options)
}

/// Asks until the answer is yes: a column that is filled stays so.
async fn wait_until_filled(
    changeover: Arc<Changeover>,
    column: Option<FilledColumn>,
    is_filled: Arc<AtomicBool>,
) {
    let Some(column) = column else { return };
    let step = changeover_plan::StepId::from(column.step);
    loop {
        match changeover.is_done(&step).await {
            Ok(true) => {
                tracing::info!(column = column.column, "filled everywhere; reads switch to it");
                is_filled.store(true, Ordering::Relaxed);
                return;
            }
            Ok(false) => {}
            Err(error) => tracing::debug!(error = changeover::chain(&error), "not known yet"),
        }
        tokio::time::sleep(FILLED_POLL).await;
    }
}
