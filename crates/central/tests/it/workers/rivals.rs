//! Two releases that both run a worker: 4.9, which holds it, and 4.10, which comes.
//!
//! With the guard each turn is what the library makes of it: begun only by who holds the worker, and
//! committed together with `guard_v1`. Here by hand, so that a test can pause the one between two
//! statements while the other works.

#![expect(clippy::unwrap_used, reason = "tests")]

use crate::stage::Stage;
use changeover_central::{migration, release::Release, roles, seed};
use tokio_postgres::{Client, types::Type};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Whether the library keeps the two apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Both work, as upstream's do.
    Off,
    /// Leases and guards.
    On,
}

/// One process of a release.
pub(crate) struct Rival {
    guard: Guard,
    worker: &'static str,
    pub(crate) instance: Uuid,
    pub(crate) client: Client,
    epoch: i64,
}

/// The database and the two.
pub(crate) struct Rivals {
    pub(crate) older: Rival,
    pub(crate) newer: Rival,
    /// Looks, and changes what requests would change.
    pub(crate) owner: Client,
}

impl Rivals {
    /// A seeded database of 4.9; the older one serves and holds the worker, the newer has not come yet.
    pub(crate) async fn new(worker: &'static str, guard: Guard) -> Self {
        let stage = Stage::empty(&format!("rivals_{worker}_{guard:?}").to_lowercase()).await;
        migrate(&stage, "4.9").await;
        seed::seed(stage.population, 1, &stage.owner_url(), |_| {}).await.unwrap();
        let mut older = Rival::new(&stage, worker, guard).await;
        let newer = Rival::new(&stage, worker, guard).await;
        older.register("4.9").await;
        older.get_ready().await;
        older.acquire().await;
        Self { older, newer, owner: stage.owner().await }
    }

    /// The newer release registers and takes part, and is not ready yet.
    pub(crate) async fn newer_joins(&self) {
        self.newer.register("4.10").await;
    }

    /// The newer release gets ready. With the guard, the older one has had its time for handing over
    /// and has not used it: it is paused.
    pub(crate) async fn newer_comes(&mut self) {
        self.newer.register("4.10").await;
        self.newer.get_ready().await;
        // The first names the successor, the second sees that the time is over.
        for _ in 0..2 {
            self.newer.settle().await;
        }
        self.newer.acquire().await;
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.owner.query_one(sql, &[]).await.unwrap().get(0)
    }
}

impl Rival {
    async fn new(stage: &Stage, worker: &'static str, guard: Guard) -> Self {
        let client =
            changeover_central::database::connect(&stage.service_url(), "rival", "a test").await;
        Self { guard, worker, instance: Uuid::new_v4(), client: client.unwrap(), epoch: 0 }
    }

    /// Registers, and could own the worker.
    async fn register(&self, release: &str) {
        let head = i64::try_from(Release::named(release).unwrap().head).unwrap();
        let me = &self.instance;
        let register = "SELECT changeover.register($1, 'central', $2, $3, 3600000, 'here', 1)";
        self.client.query(register, &[me, &release, &head]).await.unwrap();
        self.client.query("SELECT changeover.join_v1($1, $2)", &[me, &head]).await.unwrap();
        let declare = "SELECT changeover.declare_worker_v1($1, $2, 0, 0, 600000)";
        self.client.query(declare, &[me, &self.worker]).await.unwrap();
    }

    async fn get_ready(&self) {
        let ready = "SELECT changeover.heartbeat($1, 'serving')";
        self.client.query(ready, &[&self.instance]).await.unwrap();
        self.settle().await;
    }

    async fn settle(&self) {
        self.client.query("SELECT changeover.settle_v1('central')", &[]).await.unwrap();
    }

    async fn acquire(&mut self) {
        let sql = "SELECT epoch FROM changeover.worker WHERE name = $1 AND holder = $2";
        let grant = "SELECT epoch FROM changeover.acquire_v1($1, $2, 600000)";
        let mut rows = self.client.query(grant, &[&self.instance, &self.worker]).await.unwrap();
        if rows.is_empty() {
            rows = self.client.query(sql, &[&self.worker, &self.instance]).await.unwrap();
        }
        if let Some(row) = rows.first() {
            self.epoch = row.get(0);
        }
    }

    /// Begins a turn, if it may: without the guard everyone may.
    pub(crate) async fn begin(&self) -> bool {
        if self.guard == Guard::On {
            let renew = "SELECT 1 FROM changeover.renew_v1($1, $2, $3, 600000)";
            let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                [&self.instance, &self.worker, &self.epoch];
            if self.client.query(renew, &parameters).await.unwrap().is_empty() {
                return false;
            }
        }
        self.client.batch_execute("BEGIN").await.unwrap();
        true
    }

    /// Ends a turn; says whether it is committed.
    pub(crate) async fn commit(&self) -> bool {
        if self.guard == Guard::Off {
            self.client.batch_execute("COMMIT").await.unwrap();
            return true;
        }
        let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
            [(&self.worker, Type::TEXT), (&self.epoch, Type::INT8), (&self.instance, Type::UUID)];
        let sql = "SELECT changeover.guard_v1('central', $1, $2, $3)";
        let (guarded, ended) = futures_util::join!(
            self.client.query_typed(sql, &parameters),
            self.client.batch_execute("COMMIT"),
        );
        ended.unwrap();
        match guarded {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.code().unwrap().code(), "CO002", "{error}");
                false
            }
        }
    }
}

/// Brings the database to a release, as one that nobody has served from.
async fn migrate(stage: &Stage, release: &'static str) {
    let files = migration::migrations_up_to(Release::named(release).unwrap().head);
    let mut options = changeover::Options::new(
        "central",
        release,
        changeover_plan::source::read(&files).unwrap(),
    );
    options.owner_url = Some(stage.owner_url());
    options.service_roles = vec![roles::SERVICE.to_owned()];
    let ended = changeover::operate::migrate(options, CancellationToken::new()).await.unwrap();
    assert!(ended.failed.is_empty(), "{ended:?}");
}
