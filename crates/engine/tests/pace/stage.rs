//! A server of one's own with a backfill that goes on until the test ends, and what `changeover.pace` says of it.

use crate::common::{Database, OWNER, migrate, until, value};
use changeover::{Options, Outlook, Pace};
use changeover_postgres::Server;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

const BASE: (&str, &str) = (
    "0001_base.sql",
    "CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
     INSERT INTO customers SELECT g, 'name ' || g FROM generate_series(1, 200000) g;",
);
const FILL: (&str, &str) = (
    "0002_fill.sql",
    "ALTER TABLE customers ADD COLUMN upper_name text;
     UPDATE customers SET upper_name = upper(name);",
);

/// A share that only an input can have brought about, and one that none allows that is above its bound.
const SLOW: &str = "share <= 0.1";
const QUICK: &str = "share >= 0.3";

pub(crate) struct Stage {
    pub(crate) database: Database,
    pub(crate) admin: Client,
    owner: Client,
    options: Options,
    stop: CancellationToken,
    run: Option<JoinHandle<Result<Outlook, changeover::Error>>>,
}

impl Stage {
    /// A server with these settings. The owner may see everybody's statistics.
    pub(crate) async fn new(settings: &[(&str, &str)]) -> Self {
        let mut builder = Server::builder().major(15);
        for (name, value) in settings {
            builder = builder.setting(*name, *value);
        }
        let server = tokio::task::spawn_blocking(move || builder.start()).await.unwrap().unwrap();
        // It ends with the process, as the shared ones do.
        let database = Database::on(Box::leak(Box::new(server))).await;
        let admin = database.connect("postgres").await;
        admin.batch_execute(&format!("GRANT pg_monitor TO {OWNER}")).await.unwrap();
        migrate(database.options("1", &[BASE])).await.unwrap();
        let mut options = database.options("2", &[BASE, FILL]);
        // One row a batch: it goes on for longer than any test.
        options.pace = Pace { batch_rows_first: 1, batch_rows_max: 1, ..Pace::default() };
        let owner = database.connect(OWNER).await;
        let stop = CancellationToken::new();
        Self { database, admin, owner, options, stop, run: None }
    }

    pub(crate) fn pace(&mut self) -> &mut Pace {
        &mut self.options.pace
    }

    /// The release that migrates.
    pub(crate) fn release(&mut self, name: &str) {
        name.clone_into(&mut self.options.release);
    }

    /// The name of the session that reads the pace's row.
    pub(crate) async fn look_on_as(&self, name: &str) {
        self.owner
            .execute("SELECT set_config('application_name', $1, false)", &[&name])
            .await
            .unwrap();
    }

    /// Begins the upgrade and waits until its pace is watched.
    pub(crate) async fn begin(&mut self) {
        let run = changeover::operate::migrate(self.options.clone(), self.stop.clone());
        self.run = Some(tokio::spawn(run));
        self.says("true").await;
    }

    /// Waits until the pace's row is as the condition says.
    pub(crate) async fn says(&self, condition: &str) {
        let sql = format!(
            "SELECT EXISTS (SELECT FROM changeover.pace WHERE app = 'shop' AND {condition})"
        );
        until(condition, || async { value::<bool>(&self.owner, &sql).await }).await;
    }

    /// Waits until this input alone has slowed it down, named and explained.
    pub(crate) async fn slows_by(&self, input: &str, observed: &str) {
        self.says(&format!("limited_by = '{input}' AND observed LIKE '{observed}' AND {SLOW}"))
            .await;
    }

    /// Waits until it goes on quickly.
    pub(crate) async fn recovers(&self) {
        self.says(QUICK).await;
    }

    /// Waits until it is known what it is like without us, which takes company: until then it doesn't go faster.
    pub(crate) async fn has_base(&self) {
        self.says(&format!("batch_ms < 10 AND {QUICK}")).await;
    }

    /// A setting of the server, at once.
    pub(crate) async fn set(&self, setting: &str) {
        self.admin.batch_execute(&format!("ALTER SYSTEM SET {setting}")).await.unwrap();
        self.admin.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    }

    /// Ends the upgrade, which was under way all the time.
    pub(crate) async fn end(mut self) {
        let state = "SELECT state FROM changeover.step WHERE kind = 'backfill'";
        assert_eq!(value::<String>(&self.owner, state).await, "running");
        self.stop.cancel();
        let ended = self.run.take().unwrap().await.unwrap();
        assert!(matches!(ended, Err(changeover::Error::Stopped)), "{ended:?}");
    }

    /// A client that is at work until the sender is dropped.
    pub(crate) async fn company(&self) -> Company {
        let client = self.database.connect("postgres").await;
        Company(tokio::spawn(async move {
            loop {
                client.batch_execute("SELECT count(*) FROM pg_class").await.unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }))
    }
}

/// Somebody else at work, until dropped.
pub(crate) struct Company(JoinHandle<()>);

impl Drop for Company {
    fn drop(&mut self) {
        self.0.abort();
    }
}
