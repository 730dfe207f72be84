//! A database for one test on a shared server, with an owner that migrates and a service that does
//! not own, as every installation has them; and waiting for states with a deadline.

#![expect(clippy::unwrap_used, reason = "tests")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of this")]

use changeover::{Options, Timing};
use changeover_plan::Migration;
use changeover_postgres::Server;
use std::future::Future;
use std::time::Duration;
use tokio_postgres::{Client, NoTls};

/// The role that owns and migrates.
pub(crate) const OWNER: &str = "shop_owner";
/// The role of the service.
pub(crate) const SERVICE: &str = "shop_service";
/// The longest that a state is waited for; far above what any of them takes.
pub(crate) const STATE_WAIT: Duration = Duration::from_secs(180);

static ROLES: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// One test's database.
pub(crate) struct Database {
    pub(crate) server: &'static Server,
    pub(crate) name: String,
}

impl Database {
    pub(crate) async fn new(major: u16) -> Self {
        let server =
            tokio::task::spawn_blocking(move || Server::shared(major)).await.unwrap().unwrap();
        Self::on(server).await
    }

    /// The same on a server of one's own.
    pub(crate) async fn on(server: &'static Server) -> Self {
        let name = server.fresh_database("engine").await.unwrap();
        Self::prepared(server, name).await
    }

    /// Roles and rights in a database that is there.
    pub(crate) async fn prepared(server: &'static Server, name: String) -> Self {
        let database = Self { server, name };
        let admin = database.connect("postgres").await;
        let _one_at_a_time = ROLES.lock().await;
        admin
            .batch_execute(&format!(
                "DO $$ BEGIN \
                   IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{OWNER}') THEN \
                     CREATE ROLE {OWNER} LOGIN NOSUPERUSER; CREATE ROLE {SERVICE} LOGIN NOSUPERUSER; \
                     GRANT {SERVICE} TO {OWNER}; \
                   END IF; END $$; \
                 ALTER DATABASE \"{0}\" OWNER TO {OWNER}; \
                 GRANT CREATE ON DATABASE \"{0}\" TO {OWNER}; \
                 ALTER SCHEMA public OWNER TO {OWNER}; GRANT USAGE ON SCHEMA public TO {SERVICE}; \
                 ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT ALL ON TABLES TO {SERVICE}; \
                 ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT ALL ON SEQUENCES TO {SERVICE};",
                database.name
            ))
            .await
            .unwrap();
        database
    }

    pub(crate) fn url(&self, user: &str) -> String {
        self.server.url(user, &self.name)
    }

    pub(crate) async fn connect(&self, user: &str) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url(user), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Options of a release that knows these files, with short times.
    pub(crate) fn options(&self, release: &str, files: &[(&str, &str)]) -> Options {
        let mut options = Options::new("shop", release, migrations(files));
        options.owner_url = Some(self.url(OWNER));
        options.service_url = Some(self.url(SERVICE));
        options.service_roles = vec![SERVICE.to_owned()];
        options.timing = Timing {
            lease: Duration::from_secs(2),
            heartbeat: Duration::from_millis(200),
            instance_ttl: Duration::from_secs(3),
            poll: Duration::from_millis(50),
            ..Timing::default()
        };
        options
    }
}

pub(crate) fn migrations(files: &[(&str, &str)]) -> Vec<Migration> {
    let files: Vec<(String, String)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    changeover_plan::source::read(&files).unwrap()
}

/// One value of one row.
pub(crate) async fn value<T: for<'a> tokio_postgres::types::FromSql<'a>>(
    client: &Client,
    sql: &str,
) -> T {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Waits until a state is reached; fails with what was waited for.
pub(crate) async fn until<F, R>(what: &str, mut reached: F)
where
    F: FnMut() -> R,
    R: Future<Output = bool>,
{
    let deadline = tokio::time::Instant::now() + STATE_WAIT;
    while !reached().await {
        assert!(tokio::time::Instant::now() < deadline, "not reached: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs everything that may be done, in the foreground.
pub(crate) async fn migrate(options: Options) -> Result<changeover::Outlook, changeover::Error> {
    changeover::operate::migrate(options, tokio_util::sync::CancellationToken::new()).await
}
