//! What an instance does about migrations, in one of three ways.
//!
//! Called by [`crate::server`]. `none`: nothing, the schema is believed to fit. `in-one-go`: as ACS
//! does today ([`in_one_go`]). `changeover`: by the library, online.

pub mod in_one_go;

use crate::{
    error::CentralError,
    release::{FilledColumn, Release},
    server::Settings,
};

/// How migrations are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum UpgradeMode {
    /// Online, by the library: older releases go on serving.
    Changeover,
    /// The files one after the other, before serving, as ACS does today.
    InOneGo,
    /// Not at all.
    None,
}

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
}

impl Upgrade {
    /// Gets ready; changes nothing yet.
    ///
    /// # Errors
    /// When the mode needs an owner and none was given.
    pub async fn new(settings: &Settings) -> Result<Self, CentralError> {
        let owner_url = |mode| {
            settings
                .owner_url
                .clone()
                .ok_or(CentralError::OwnerUrlMissing { mode })
        };
        match settings.upgrade {
            UpgradeMode::None => Ok(Self::None),
            UpgradeMode::InOneGo => Ok(Self::InOneGo {
                owner_url: owner_url("in-one-go")?,
                release: settings.release,
            }),
            UpgradeMode::Changeover => Err(CentralError::OwnerUrlMissing { mode: "changeover" }),
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
        }
    }

    /// Whether every row of the column is filled, so that reads may rely on it.
    pub fn is_filled(&self, _column: FilledColumn) -> bool {
        match self {
            Self::None | Self::InOneGo { .. } => true,
        }
    }

    /// The instance begins to drain.
    pub fn not_ready(&self) {}

    /// The instance is about to end: hands back what it holds.
    pub async fn leave(&self) {}
}
