//! What an instance does about migrations, in one of three ways.
//!
//! Called by [`crate::server`]. `none`: nothing, the schema is believed to fit. `in-one-go`: as ACS
//! does today ([`in_one_go`]). `changeover`: by the library,
//! online ([`online`]).

pub mod in_one_go;
pub mod online;

use crate::settings::{Settings, UpgradeMode};
use crate::{error::CentralError, release::Release};
use changeover::{Admission, LatencyRecorder, health::Health};
use changeover_share::{cache::Caches, connection_share::ConnectionShare};
pub use online::APP;
use online::Online;
use std::{sync::Arc, time::Duration};

/// The migrations' side of a running instance.
#[derive(Debug)]
pub enum Upgrade {
    /// Nothing is run; every column is believed to be filled.
    None,
    /// All at once, before serving.
    InOneGo {
        /// The owner's connection.
        owner_url: String,
        /// The release that starts.
        release: &'static Release,
    },
    /// Online.
    Online(Online),
}

impl Upgrade {
    /// Gets ready; online, this registers the instance.
    ///
    /// # Errors
    /// When the mode needs an owner and none was given, or the registry refuses this release.
    pub async fn new(settings: &Settings) -> Result<Self, CentralError> {
        match (settings.upgrade, &settings.owner_url) {
            (UpgradeMode::None, _) => Ok(Self::None),
            (UpgradeMode::InOneGo, None) => Err(CentralError::OwnerUrlMissing),
            (UpgradeMode::InOneGo, Some(owner_url)) => {
                Ok(Self::InOneGo { owner_url: owner_url.clone(), release: settings.release })
            }
            (UpgradeMode::Changeover, _) => Ok(Self::Online(Online::start(settings).await?)),
        }
    }

    /// Returns once all is done that must be done before serving.
    ///
    /// # Errors
    /// When a migration fails or another central holds the lock for too long.
    pub async fn wait_until_servable(&self) -> Result<(), CentralError> {
        match self {
            Self::None => Ok(()),
            Self::InOneGo { owner_url, release } => {
                in_one_go::migrate(owner_url, release.head).await
            }
            Self::Online(online) => online.wait_until_servable().await,
        }
    }

    /// Returns when this release may serve no longer; never, where nobody keeps watch over that.
    pub async fn wait_until_refused(&self) -> CentralError {
        match self {
            Self::None | Self::InOneGo { .. } => std::future::pending().await,
            Self::Online(online) => online.wait_until_refused().await,
        }
    }

    /// Reports how long requests take to what runs long, where the library runs it.
    pub fn report_from(&self, latency: &Arc<LatencyRecorder>) {
        match self {
            Self::None | Self::InOneGo { .. } => {}
            Self::Online(online) => online.report_from(latency),
        }
    }

    /// Whether every row of the column that the release's reads switch to is filled.
    pub fn is_filled(&self) -> bool {
        match self {
            Self::None | Self::InOneGo { .. } => true,
            Self::Online(online) => online.is_filled(),
        }
    }

    /// What the library says to probes, where there is one.
    pub fn health(&self) -> Option<Health> {
        match self {
            Self::None | Self::InOneGo { .. } => None,
            Self::Online(online) => Some(online.health()),
        }
    }

    /// What admits the pool's connections, where the library keeps watch.
    pub fn admission(&self) -> Option<Admission> {
        match self {
            Self::None | Self::InOneGo { .. } => None,
            Self::Online(online) => Some(online.admission()),
        }
    }

    /// Whether alerts are told to notifiers, by jobs.
    pub fn has_jobs(&self) -> bool {
        matches!(self, Self::Online(online) if online.has_jobs())
    }

    /// This instance's share of the server's connections, where the library keeps watch.
    ///
    /// # Errors
    /// When the database cannot be asked for it.
    pub async fn connection_share(
        &self,
        settings: &Settings,
    ) -> Result<Option<ConnectionShare>, CentralError> {
        match self {
            Self::None | Self::InOneGo { .. } => Ok(None),
            Self::Online(online) => online.connection_share(settings).await.map(Some),
        }
    }

    /// Caches that hear of other instances' writes, where the library keeps watch.
    ///
    /// # Errors
    /// When what they watch cannot be watched.
    pub async fn caches(&self) -> Result<Option<Caches>, CentralError> {
        match self {
            Self::None | Self::InOneGo { .. } => Ok(None),
            Self::Online(online) => online.caches().await.map(Some),
        }
    }

    /// The instance begins to drain: background work is handed over, with so much patience. Says what
    /// was cut.
    pub async fn drain(&self, patience: Duration) -> Vec<String> {
        match self {
            Self::None | Self::InOneGo { .. } => Vec::new(),
            Self::Online(online) => online.drain(patience).await,
        }
    }

    /// The instance is about to end.
    pub async fn leave(&self) {
        if let Self::Online(online) = self {
            online.leave().await;
        }
    }
}
