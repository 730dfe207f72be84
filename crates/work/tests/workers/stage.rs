//! Nodes that own workers, and members that are nothing but rows, for what no process would do.

use crate::common::{Database, SERVICE, until, value};
use changeover::{Changeover, Options};
use changeover_work::{
    Background, BackgroundBuilder, BoxFuture, SingletonWorker, Tenure, WorkError,
};
use std::time::Duration;
use tokio_postgres::Client;
use uuid::Uuid;

pub(crate) const ONE: (&str, &str) = ("0001_one.sql", "CREATE TABLE one (id bigint PRIMARY KEY);");
pub(crate) const TWO: (&str, &str) = ("0002_two.sql", "CREATE TABLE two (id bigint PRIMARY KEY);");

/// The worker of most tests.
pub(crate) const NAME: &str = "counter";

/// One row that every unit of work changes: who changes it after a later epoch has, is written down. The
/// row's lock puts the units in order, so this does not depend on the guard.
const COUNTER: &str = "CREATE TABLE counter (value bigint NOT NULL, epoch bigint NOT NULL, \
        release text NOT NULL); \
    CREATE TABLE regression (old bigint NOT NULL, new bigint NOT NULL); \
    CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        IF new.epoch < old.epoch THEN INSERT INTO regression VALUES (old.epoch, new.epoch); END IF; \
        RETURN new; END $$; \
    CREATE TRIGGER look BEFORE UPDATE ON counter FOR EACH ROW EXECUTE FUNCTION look(); \
    INSERT INTO counter VALUES (0, 0, ''); GRANT ALL ON counter, regression TO shop_service;";

/// A database with a ledger and the counter.
pub(crate) async fn database(major: u16) -> (Database, Client) {
    let database = Database::new(major).await;
    crate::common::migrate(database.options("0", &[ONE])).await.unwrap();
    let admin = database.connect("postgres").await;
    admin.batch_execute(COUNTER).await.unwrap();
    (database, admin)
}

/// Counts, and says who did.
pub(crate) struct Counter {
    pub(crate) release: String,
    pub(crate) owner_from: i64,
}

impl Counter {
    pub(crate) fn of(release: &str) -> Self {
        Self { release: release.to_owned(), owner_from: 0 }
    }
}

impl SingletonWorker for Counter {
    fn name(&self) -> &str {
        NAME
    }

    fn pause(&self) -> Duration {
        Duration::from_millis(2)
    }

    fn owner_from(&self) -> i64 {
        self.owner_from
    }

    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>> {
        Box::pin(async move {
            let epoch = tenure.epoch();
            let transaction = tenure.begin().await?;
            let count = format!(
                "UPDATE counter SET value = value + 1, epoch = {epoch}, release = '{}'",
                self.release
            );
            transaction.client().batch_execute(&count).await?;
            transaction.commit().await?;
            Ok(())
        })
    }
}

/// A running instance with its background work.
pub(crate) struct Node {
    pub(crate) upgrade: Changeover,
    pub(crate) background: Background,
}

impl Node {
    pub(crate) async fn start(
        options: Options,
        add: impl FnOnce(BackgroundBuilder) -> BackgroundBuilder,
    ) -> Self {
        let upgrade = Changeover::start(options).await.unwrap();
        upgrade.wait_until_servable().await.unwrap();
        let background = add(BackgroundBuilder::new(upgrade.instance())).start().await.unwrap();
        upgrade.mark_serving().await.unwrap();
        Self { upgrade, background }
    }

    /// A node of a generation that counts.
    pub(crate) async fn counting(database: &Database, generation: i64) -> Self {
        Self::counting_with(database, generation, |_| ()).await
    }

    /// One that no stall of the machine makes look dead, for tests of how living ones part.
    pub(crate) async fn steady(database: &Database, generation: i64) -> Self {
        Self::counting_with(database, generation, |options| {
            options.timing.lease = Duration::from_secs(60);
            options.timing.instance_ttl = Duration::from_secs(60);
        })
        .await
    }

    async fn counting_with(
        database: &Database,
        generation: i64,
        set: impl FnOnce(&mut Options),
    ) -> Self {
        let release = generation.to_string();
        let mut options = database.options(&release, &[ONE]);
        options.generation = Some(generation);
        options.label_commits = true;
        set(&mut options);
        Self::start(options, |background| background.singleton(Counter::of(&release))).await
    }

    /// Goes as a service does that is told to stop.
    pub(crate) async fn leave(self) -> changeover_work::DrainReport {
        self.upgrade.drain().await.unwrap();
        let report = self.background.drain(Duration::from_secs(5)).await;
        self.upgrade.leave().await.unwrap();
        report
    }

    /// Goes without a word.
    pub(crate) fn die(self) {
        drop(self.background);
        drop(self.upgrade);
    }
}

/// A member of which only the rows are there: alive for an hour, and it does nothing by itself.
pub(crate) struct Member {
    pub(crate) id: Uuid,
    client: Client,
}

pub(crate) const LEASE_MS: i64 = 60_000;

impl Member {
    pub(crate) async fn join(database: &Database, head: i64, generation: i64) -> Self {
        let client = database.connect(SERVICE).await;
        let id = Uuid::new_v4();
        let register = "SELECT changeover.register($1, 'shop', $2, $3, 3600000, 'host', 1)";
        client.execute(register, &[&id, &generation.to_string(), &head]).await.unwrap();
        client.execute("SELECT changeover.join_v1($1, $2)", &[&id, &generation]).await.unwrap();
        let member = Self { id, client };
        member.say("serving").await;
        member
    }

    pub(crate) async fn say(&self, state: &str) {
        self.client
            .execute("SELECT changeover.heartbeat($1, $2)", &[&self.id, &state])
            .await
            .unwrap();
    }

    pub(crate) async fn leave(&self) {
        self.client.execute("SELECT changeover.leave($1)", &[&self.id]).await.unwrap();
    }

    pub(crate) async fn declare(&self, owner_from: i64, handover_ms: i64) {
        self.client
            .execute(
                "SELECT changeover.declare_worker_v1($1, $2, $3, $4, $5)",
                &[&self.id, &NAME, &owner_from, &handover_ms, &LEASE_MS],
            )
            .await
            .unwrap();
    }

    pub(crate) async fn settle(&self) {
        self.client.execute("SELECT changeover.settle_v1('shop')", &[]).await.unwrap();
    }

    pub(crate) async fn may_acquire(&self) -> bool {
        self.client
            .query_one("SELECT may_acquire FROM changeover.worker_news_v1($1)", &[&self.id])
            .await
            .unwrap()
            .get(0)
    }

    pub(crate) async fn acquire(&self) -> Option<i64> {
        let acquired = self
            .client
            .query_opt(
                "SELECT epoch FROM changeover.acquire_v1($1, $2, $3)",
                &[&self.id, &NAME, &LEASE_MS],
            )
            .await
            .unwrap();
        acquired.map(|row| row.get(0))
    }

    /// `None`: it is not this one's any more. `Some(successor)` otherwise.
    pub(crate) async fn renew(&self, epoch: i64) -> Option<Option<Uuid>> {
        let renewed = self
            .client
            .query_opt(
                "SELECT successor FROM changeover.renew_v1($1, $2, $3, $4)",
                &[&self.id, &NAME, &epoch, &LEASE_MS],
            )
            .await
            .unwrap();
        renewed.map(|row| row.get(0))
    }

    /// The SQLSTATE of the refusal, if there is one.
    pub(crate) async fn guard(&self, epoch: i64) -> Option<String> {
        let guarded = self
            .client
            .execute("SELECT changeover.guard_v1('shop', $1, $2, $3)", &[&NAME, &epoch, &self.id])
            .await;
        guarded.err().map(|error| error.code().unwrap().code().to_owned())
    }

    pub(crate) async fn transfer(&self, epoch: i64) -> Result<Option<Uuid>, String> {
        self.client
            .query_one("SELECT changeover.transfer_v1($1, $2, $3)", &[&self.id, &NAME, &epoch])
            .await
            .map(|row| row.get(0))
            .map_err(|error| error.code().unwrap().code().to_owned())
    }
}

/// The generation that owns the counter now; 0: nobody.
pub(crate) async fn owner_gen(admin: &Client) -> i64 {
    value(
        admin,
        "SELECT coalesce(max(holder_gen), 0) FROM changeover.worker \
          WHERE name = 'counter' AND holder IS NOT NULL AND expires_at > clock_timestamp()",
    )
    .await
}

/// Waits until this generation owns the counter and has worked under that.
pub(crate) async fn until_works(admin: &Client, generation: i64) {
    let works = format!(
        "SELECT EXISTS (SELECT 1 FROM changeover.worker w JOIN counter c ON c.epoch = w.epoch \
          WHERE w.name = 'counter' AND w.holder_gen = {generation} AND c.release = '{generation}')"
    );
    until(&format!("{generation} works"), async || value::<bool>(admin, &works).await).await;
}

pub(crate) async fn regressions(admin: &Client) -> i64 {
    value(admin, "SELECT count(*) FROM regression").await
}

pub(crate) async fn epoch(admin: &Client) -> i64 {
    value(admin, "SELECT epoch FROM changeover.worker WHERE name = 'counter'").await
}
