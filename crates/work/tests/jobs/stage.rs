//! A database with a queue, handlers made of closures, and instances that run them.

use crate::common::{self, Database, OWNER, SERVICE, until, value};
use changeover::{Changeover, Options};
use changeover_work::{
    Background, BackgroundBuilder, BatchJobHandler, BoxFuture, Job, JobError, JobHandler,
    JobLimits, JobQueue, JobTransaction,
};
use serde_json::json;
use std::time::Duration;
use tokio_postgres::Client;

pub(crate) const BASE: &[(&str, &str)] = &[(
    "0001_base.sql",
    "CREATE TABLE effects (job bigint NOT NULL, attempt integer NOT NULL, what text NOT NULL);",
)];

pub(crate) struct Stage {
    pub(crate) database: Database,
    /// The owner, who may look and set clocks back.
    pub(crate) owner: Client,
}

impl Stage {
    pub(crate) async fn new(major: u16) -> Self {
        let database = Database::new(major).await;
        common::migrate(database.options("1", BASE)).await.unwrap();
        let owner = database.connect(OWNER).await;
        Self { database, owner }
    }

    pub(crate) fn options(&self, generation: i64) -> Options {
        let mut options = self.database.options(&generation.to_string(), BASE);
        options.generation = Some(generation);
        options.timing.lease = Duration::from_secs(3);
        options
    }

    /// An instance that serves, with what `add` gives it to do.
    pub(crate) async fn instance(
        &self,
        generation: i64,
        add: impl FnOnce(BackgroundBuilder) -> BackgroundBuilder,
    ) -> Instance {
        let upgrade = Changeover::start(self.options(generation)).await.unwrap();
        upgrade.wait_until_servable().await.unwrap();
        let background = add(BackgroundBuilder::new(upgrade.instance())).start().await.unwrap();
        upgrade.mark_serving().await.unwrap();
        let instance = Instance { upgrade, background };
        self.reached(
            "the generation is current or a higher one is",
            &format!("SELECT gen >= {generation} FROM changeover.generation"),
        )
        .await;
        instance
    }

    pub(crate) async fn client(&self) -> Client {
        self.database.connect(SERVICE).await
    }

    /// Enqueues `count` jobs of kind `work`, version 1.
    pub(crate) async fn enqueue(&self, jobs: &JobQueue, count: usize) -> Vec<i64> {
        let mut enqueue = changeover_work::Enqueue::new("work", 1);
        for number in 0..count {
            enqueue = enqueue.payload(json!({ "number": number })).unwrap();
        }
        jobs.enqueue_all(&self.client().await, enqueue).await.unwrap()
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        value(&self.owner, sql).await
    }

    pub(crate) async fn text(&self, sql: &str) -> String {
        value(&self.owner, sql).await
    }

    /// Waits until a condition in SQL holds.
    pub(crate) async fn reached(&self, what: &str, sql: &str) {
        until(what, || async {
            let rows = self.owner.query(sql, &[]).await.unwrap();
            rows.first().is_some_and(|row| row.get::<_, Option<bool>>(0) == Some(true))
        })
        .await;
    }

    pub(crate) async fn none_left(&self) {
        self.reached("no job is left", "SELECT count(*) = 0 FROM changeover.job").await;
    }

    /// That each of these jobs had its effects exactly once, and no other had any.
    pub(crate) async fn effects_are_once(&self, ids: &[i64]) {
        let rows = self
            .owner
            .query("SELECT job, count(*) FROM effects GROUP BY job ORDER BY job", &[])
            .await
            .unwrap();
        let had: Vec<(i64, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let mut expected: Vec<(i64, i64)> = ids.iter().map(|id| (*id, 1)).collect();
        expected.sort_unstable();
        assert_eq!(had, expected);
    }
}

/// A running instance.
pub(crate) struct Instance {
    pub(crate) upgrade: Changeover,
    pub(crate) background: Background,
}

impl Instance {
    pub(crate) fn jobs(&self) -> JobQueue {
        self.background.jobs()
    }

    /// Ends as a service should.
    pub(crate) async fn leave(self) -> changeover_work::DrainReport {
        self.upgrade.drain().await.unwrap();
        let report = self.background.drain(Duration::from_secs(20)).await;
        self.upgrade.leave().await.unwrap();
        report
    }
}

type Acting = dyn for<'a> Fn(&'a Job, &'a mut JobTransaction) -> BoxFuture<'a, Result<(), JobError>>
    + Send
    + Sync;

/// A handler made of a closure.
pub(crate) struct Act {
    pub(crate) kind: &'static str,
    pub(crate) versions: &'static [i32],
    pub(crate) limits: JobLimits,
    pub(crate) act: Box<Acting>,
}

impl Act {
    pub(crate) fn new(
        act: impl for<'a> Fn(&'a Job, &'a mut JobTransaction) -> BoxFuture<'a, Result<(), JobError>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self { kind: "work", versions: &[1], limits: JobLimits::default(), act: Box::new(act) }
    }

    /// One that only has its effect.
    pub(crate) fn writing() -> Self {
        Self::new(|job, transaction| Box::pin(write(job, transaction)))
    }
}

impl JobHandler for Act {
    fn kind(&self) -> &str {
        self.kind
    }

    fn versions(&self) -> &[i32] {
        self.versions
    }

    fn limits(&self) -> JobLimits {
        self.limits
    }

    fn run<'a>(
        &'a self,
        job: &'a Job,
        transaction: &'a mut JobTransaction,
    ) -> BoxFuture<'a, Result<(), JobError>> {
        (self.act)(job, transaction)
    }
}

type ActingOnBatch = dyn for<'a> Fn(&'a [Job], &'a mut JobTransaction) -> BoxFuture<'a, Result<(), JobError>>
    + Send
    + Sync;

/// A handler of batches made of a closure.
pub(crate) struct ActOnBatch {
    pub(crate) kind: &'static str,
    act: Box<ActingOnBatch>,
}

impl ActOnBatch {
    pub(crate) fn new(
        act: impl for<'a> Fn(&'a [Job], &'a mut JobTransaction) -> BoxFuture<'a, Result<(), JobError>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self { kind: "work", act: Box::new(act) }
    }
}

impl BatchJobHandler for ActOnBatch {
    fn kind(&self) -> &str {
        self.kind
    }

    fn versions(&self) -> &[i32] {
        &[1]
    }

    fn run<'a>(
        &'a self,
        jobs: &'a [Job],
        transaction: &'a mut JobTransaction,
    ) -> BoxFuture<'a, Result<(), JobError>> {
        (self.act)(jobs, transaction)
    }
}

/// The effect of a job.
pub(crate) async fn write(job: &Job, transaction: &JobTransaction) -> Result<(), JobError> {
    write_as(job, transaction, "run").await
}

pub(crate) async fn write_as(
    job: &Job,
    transaction: &JobTransaction,
    what: &str,
) -> Result<(), JobError> {
    transaction
        .client()
        .execute("INSERT INTO effects VALUES ($1, $2, $3)", &[&job.id, &job.attempt, &what])
        .await?;
    Ok(())
}
