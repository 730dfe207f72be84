//! A server with central's tables, filled once and cloned for each run, so that all runs begin equal.

use anyhow::Context;
use changeover_central::{
    database,
    release::r4_8,
    roles::{OWNER, SERVICE, create_roles},
    seed,
    upgrade::in_one_go,
};
use changeover_postgres::{Profile, Server};

use super::{progress::Progress, settings::Settings};
use crate::view::figures;

/// The database that is filled and cloned, never served from.
const TEMPLATE: &str = "central_4_8";

/// A server with a filled database to clone. Dropping it ends the server and removes its data.
pub(crate) struct Stage {
    server: Server,
}

/// One run's own database.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    name: String,
    /// Where the server's files are.
    pub(crate) data_dir: std::path::PathBuf,
    /// Connection of the role that owns the tables and migrates.
    pub(crate) owner_url: String,
    /// Connection of the role that the service logs in as.
    pub(crate) service_url: String,
}

impl Stage {
    /// Starts the server and fills the tables of 4.8.
    ///
    /// # Errors
    /// When no server can be had or the tables cannot be filled.
    pub(crate) async fn prepare(settings: &Settings, progress: &Progress) -> anyhow::Result<Stage> {
        let task = progress.task("starting PostgreSQL");
        let mut builder = Server::builder().profile(Profile::Measure);
        if let Some(major) = settings.server_major {
            builder = builder.major(major);
        }
        let server = tokio::task::spawn_blocking(|| builder.start())
            .await
            .context("starting PostgreSQL")?
            .context("no PostgreSQL server could be started")?;
        let stage = Stage { server };
        task.done(format!("PostgreSQL {} runs", stage.version()));
        stage.fill(settings, progress).await?;
        Ok(stage)
    }

    /// The server's whole version.
    pub(crate) fn version(&self) -> &str {
        self.server.version()
    }

    /// A copy of the filled database.
    ///
    /// # Errors
    /// When the server has no room for it.
    pub(crate) async fn fresh(&self, prefix: &str) -> anyhow::Result<Database> {
        let name = self.server.fresh_clone(TEMPLATE, prefix).await;
        let database = self.database(&name.context("copying the filled database")?);
        // Settings of roles belong to a database and are not copied with it.
        create_roles(&self.server.url("postgres", &database.name)).await?;
        Ok(database)
    }

    /// Drops a run's database.
    ///
    /// # Errors
    /// When the server does not answer.
    pub(crate) async fn remove(&self, database: Database) -> anyhow::Result<()> {
        let dropped = self.server.drop_database(&database.name).await;
        dropped.context("dropping a run's database")
    }

    fn database(&self, name: &str) -> Database {
        Database {
            name: name.to_owned(),
            data_dir: self.server.data_dir(),
            owner_url: self.server.url(OWNER, name),
            service_url: self.server.url(SERVICE, name),
        }
    }

    async fn fill(&self, settings: &Settings, progress: &Progress) -> anyhow::Result<()> {
        self.server.create_database(TEMPLATE).await.context("making the database")?;
        let superuser_url = self.server.url("postgres", TEMPLATE);
        create_roles(&superuser_url).await?;
        let owner_url = self.database(TEMPLATE).owner_url;
        in_one_go::migrate(&owner_url, r4_8::RELEASE.head).await?;

        let task = progress.task("filling the tables of 4.8");
        seed::seed(settings.population(), settings.seed, &owner_url, |filled| {
            task.amount(filled.rows_done, filled.rows_total, filled.table);
        })
        .await?;
        // The copies have no statistics of use and would all be vacuumed under load otherwise.
        task.say("vacuuming");
        let client = database::connect(&superuser_url, "demo", "vacuuming").await?;
        client.batch_execute("VACUUM (ANALYZE)").await.context("vacuuming")?;
        task.done(format!(
            "{} process indicators, as many network flows, {} alerts",
            figures::count(settings.population().rows),
            figures::count(settings.population().alerts),
        ));
        Ok(())
    }
}
