//! A throw-away database with the two roles that every installation has: an owner that migrates and
//! is no superuser, and a service that owns nothing (law 8).

use super::{Trial, connect};
use crate::error::VerifyError;
use changeover::{Options, Timing, operate};
use changeover_plan::{Identifier, Migration};
use changeover_postgres::Server;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const ROLES: &str = include_str!("roles.sql");

/// How often waiters look: a trial has nobody to spare.
const POLL: Duration = Duration::from_millis(20);

/// A database and how to reach it in each role.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The superuser.
    pub superuser_url: String,
    /// The role that owns and migrates.
    pub owner_url: String,
    /// The role of the service.
    pub service_url: String,
    /// The service role's name.
    pub service: String,
}

impl Stage {
    /// Makes an empty database on the server, for roles that the application's own script makes.
    ///
    /// # Errors
    /// When the database cannot be made.
    pub async fn empty(server: &Server, owner: &str, service: &str) -> Result<Self, VerifyError> {
        let name = server.fresh_database("verify").await?;
        Ok(Self {
            superuser_url: server.url("postgres", &name),
            owner_url: server.url(owner, &name),
            service_url: server.url(service, &name),
            service: service.to_owned(),
        })
    }

    /// Makes the database and both roles.
    ///
    /// # Errors
    /// When the database or the roles cannot be made.
    pub async fn with_roles(
        server: &Server,
        owner: &str,
        service: &str,
    ) -> Result<Self, VerifyError> {
        let stage = Self::empty(server, owner, service).await?;
        let superuser = connect(&stage.superuser_url, "verify", "making roles").await?;
        let sql = ROLES
            .replace("{owner}", &Identifier::from(owner).to_string())
            .replace("{service}", &Identifier::from(service).to_string());
        superuser.batch_execute(&sql).await.map_err(VerifyError::sql("making roles"))?;
        Ok(stage)
    }

    /// Options of a release on this database.
    pub fn options(&self, app: &str, release: &str, migrations: Vec<Migration>) -> Options {
        let mut options = Options::new(app, release, migrations);
        options.owner_url = Some(self.owner_url.clone());
        options.service_url = Some(self.service_url.clone());
        options.service_roles = vec![self.service.clone()];
        options.timing = Timing { poll: POLL, ..Timing::default() };
        options
    }

    /// Installs or upgrades to a release as an operator does, without any check.
    ///
    /// # Errors
    /// When the upgrade fails.
    pub async fn install(&self, options: Options) -> Result<(), VerifyError> {
        operate::migrate(options, CancellationToken::new()).await?;
        Ok(())
    }

    /// The trial of an upgrade on this database.
    pub fn trial(&self, options: Options) -> Trial {
        Trial { superuser_url: self.superuser_url.clone(), options }
    }
}
