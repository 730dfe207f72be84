//! The crate apalis-postgres, in batches of 500 and without a second lock of each task. Weaker than ours: a
//! task's state is written after, not with its effects, and does not ask for its attempt.

use crate::{connect, until_none_left};
use apalis::prelude::*;
use apalis_postgres::{Config, PgPool, PostgresStorage};
use std::time::{Duration, Instant};

async fn pool(url: &str) -> anyhow::Result<PgPool> {
    Ok(PgPool::connect(url).await?)
}

pub(crate) async fn fill(url: &str, jobs: i32) -> anyhow::Result<()> {
    connect(url).await?.batch_execute("CREATE EXTENSION IF NOT EXISTS hstore").await?;
    PostgresStorage::setup(&pool(url).await?)
        .await
        .map_err(|error| anyhow::anyhow!("{error:?}"))?;
    // Its own push is one row a round trip; how they came there does not matter to the drain.
    connect(url)
        .await?
        .batch_execute(&format!(
            "INSERT INTO apalis.jobs (id, job_type, job, status, attempts, max_attempts, run_at, priority) \
             SELECT '01ARZ3NDEKTSV4RRFFQ' || lpad(g::text, 7, '0'), 'noop', convert_to(g::text, 'UTF8'), \
                    'Pending', 0, 5, now() - interval '1 minute', 0 FROM generate_series(1, {jobs}) g"
        ))
        .await?;
    Ok(())
}

async fn no_operation(_id: usize) -> Result<(), BoxDynError> {
    Ok(())
}

pub(crate) async fn drain(url: &str, _jobs: i32) -> anyhow::Result<()> {
    let config = Config::default().queue("noop").batch_size(500).lock_tasks(false);
    let backend = PostgresStorage::new(&pool(url).await?)
        .with_config(config)
        .poll_with_strategy(Strategy::new().interval(Duration::from_millis(5)));
    let worker = WorkerBuilder::new("bench").backend(backend).build(no_operation);
    let began = Instant::now();
    let running =
        tokio::spawn(async move { worker.run().await.map_err(|error| format!("{error:?}")) });
    let done = "SELECT NOT EXISTS (SELECT FROM apalis.jobs WHERE status <> 'Done')";
    let drained = until_none_left(url, began, done).await;
    running.abort();
    drained
}
