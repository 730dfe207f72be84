//! The server and databases on which histories are played: an owner who is no superuser, as on a
//! managed PostgreSQL, and a superuser for what only the harness does.
//!
//! Neither history needs an extension, so nothing is made beforehand.

use crate::connect::connect;
use anyhow::Context as _;
use changeover_postgres::Server;
use tokio_postgres::Client;

/// Owns every database and runs every migration.
pub(crate) const OWNER: &str = "histories_owner";
/// Makes databases and fills them.
pub(crate) const SUPERUSER: &str = "postgres";

/// A throw-away server.
pub(crate) struct Stage {
    server: Server,
}

impl Stage {
    /// Starts the server, of a version that the machine has where none is asked for.
    pub(crate) async fn start(major: Option<u16>) -> anyhow::Result<Self> {
        let start = move || {
            let builder = Server::builder();
            major.map_or(builder.clone(), |major| builder.major(major)).start()
        };
        let server = tokio::task::spawn_blocking(start).await?.context("no server")?;
        let stage = Self { server };
        let admin = stage.connect(SUPERUSER, SUPERUSER).await?;
        admin.batch_execute(&format!("CREATE ROLE {OWNER} LOGIN NOSUPERUSER")).await?;
        Ok(stage)
    }

    /// The server's whole version.
    pub(crate) fn version(&self) -> &str {
        self.server.version()
    }

    /// Makes an empty database; returns its name.
    pub(crate) async fn empty(&self, prefix: &str) -> anyhow::Result<String> {
        let name = self.server.fresh_database(prefix).await?;
        self.own(&name).await?;
        let admin = self.connect(SUPERUSER, &name).await?;
        admin.batch_execute(&format!("ALTER SCHEMA public OWNER TO {OWNER}")).await?;
        Ok(name)
    }

    /// Makes a copy of a database to which nobody is connected; returns its name.
    pub(crate) async fn copy(&self, template: &str, prefix: &str) -> anyhow::Result<String> {
        let name = self.server.fresh_clone(template, prefix).await?;
        self.own(&name).await?;
        Ok(name)
    }

    /// Drops a database.
    pub(crate) async fn drop(&self, name: &str) -> anyhow::Result<()> {
        Ok(self.server.drop_database(name).await?)
    }

    /// The connection string of the owner.
    pub(crate) fn owner_url(&self, database: &str) -> String {
        self.server.url(OWNER, database)
    }

    /// Connects. The connection ends with the client.
    pub(crate) async fn connect(&self, user: &str, database: &str) -> anyhow::Result<Client> {
        connect(&self.server.url(user, database)).await
    }

    /// Connects as superuser, for chores that only look.
    pub(crate) async fn superuser(&self, database: &str) -> anyhow::Result<Client> {
        self.connect(SUPERUSER, database).await
    }

    async fn own(&self, name: &str) -> anyhow::Result<()> {
        let admin = self.connect(SUPERUSER, SUPERUSER).await?;
        let sql = format!("ALTER DATABASE \"{name}\" OWNER TO {OWNER}");
        Ok(admin.batch_execute(&sql).await?)
    }
}
