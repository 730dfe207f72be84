//! The crate graphile_worker, with the settings of its own benchmark: a local queue of 5,000, 500 at once,
//! finishes collected for 5 ms. Weaker than ours: a job is deleted after, not with its effects, by number
//! alone, no matter who runs it now.

use crate::until_none_left;
use graphile_worker::tokio_postgres::TokioPostgresDatabase;
use graphile_worker::{
    Database, IntoTaskHandlerResult, JobSpec, LocalQueueConfig, RawJobSpec, TaskHandler,
    WorkerContext, WorkerOptions, WorkerUtils,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(serde::Deserialize, serde::Serialize)]
struct NoOperation {
    id: i32,
}

impl TaskHandler for NoOperation {
    const IDENTIFIER: &'static str = "noop";

    async fn run(self, _context: WorkerContext) -> impl IntoTaskHandlerResult {
        Ok::<(), String>(())
    }
}

fn database(url: &str) -> anyhow::Result<Database> {
    Ok(TokioPostgresDatabase::from_url(url, 20)
        .map_err(|error| anyhow::anyhow!("{error:?}"))?
        .into())
}

pub(crate) async fn fill(url: &str, jobs: i32) -> anyhow::Result<()> {
    let utils = WorkerUtils::new(database(url)?, "graphile_worker");
    utils.migrate().await.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let all: Vec<i32> = (1..=jobs).collect();
    for ids in all.chunks(10_000) {
        let specs: Vec<RawJobSpec> = ids
            .iter()
            .map(|id| RawJobSpec {
                identifier: "noop".to_owned(),
                payload: serde_json::json!({ "id": id }),
                spec: JobSpec::default(),
            })
            .collect();
        utils.add_raw_jobs(&specs).await.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    }
    Ok(())
}

pub(crate) async fn drain(url: &str, _jobs: i32) -> anyhow::Result<()> {
    let worker = WorkerOptions::default()
        .database(database(url)?)
        .schema("graphile_worker")
        .concurrency(500)
        .poll_interval(Duration::from_millis(5))
        .complete_job_batch_delay(Duration::from_millis(5))
        .local_queue(LocalQueueConfig::default().with_size(5000))
        .define_job::<NoOperation>()
        .init()
        .await
        .map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let worker = Arc::new(worker);
    let began = Instant::now();
    let runs = Arc::clone(&worker);
    let running = tokio::spawn(async move { runs.run().await });
    let done = "SELECT max(id) IS NULL FROM graphile_worker._private_jobs";
    until_none_left(url, began, done).await?;
    worker.request_shutdown();
    running.await?.map_err(|error| anyhow::anyhow!("{error:?}"))
}
