//! Ours: a batch handler, each batch finished in the transaction of its effects.

use super::drained::{connect, until_none_left};
use changeover::{Changeover, Options};
use changeover_work::{
    Background, BackgroundBuilder, BatchJobHandler, BoxFuture, Job, JobError, JobLimits,
    JobTransaction,
};
use std::time::Instant;

/// How many are enqueued in one statement.
const CHUNK: u32 = 10_000;

struct NoOperation;

impl BatchJobHandler for NoOperation {
    fn kind(&self) -> &str {
        "noop"
    }

    fn versions(&self) -> &[i32] {
        &[1]
    }

    /// As many transactions at once as the raw limit has connections.
    fn limits(&self) -> JobLimits {
        JobLimits { concurrency: 4, ..JobLimits::default() }
    }

    fn run<'a>(
        &'a self,
        _jobs: &'a [Job],
        _transaction: &'a mut JobTransaction,
    ) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(async { Ok(()) })
    }
}

async fn start(url: &str) -> anyhow::Result<(Changeover, Background)> {
    let mut options = Options::new("bench", "1", Vec::new());
    options.owner_url = Some(url.to_owned());
    options.service_url = Some(url.to_owned());
    let upgrade = Changeover::start(options).await?;
    let background =
        BackgroundBuilder::new(upgrade.instance()).batch_job(NoOperation).start().await?;
    Ok((upgrade, background))
}

/// Declares and enqueues, without serving: nothing is run.
pub(super) async fn fill(url: &str, jobs: u32) -> anyhow::Result<()> {
    let (upgrade, background) = start(url).await?;
    let client = connect(url).await?;
    let mut left = jobs;
    while left > 0 {
        let count = left.min(CHUNK);
        client
            .execute(
                "SELECT count(*) FROM changeover.enqueue_v1('bench', 'noop', 1, \
                   ARRAY(SELECT jsonb_build_object('id', g) FROM generate_series(1, $1) g))",
                &[&i32::try_from(count)?],
            )
            .await?;
        left -= count;
    }
    drop(background);
    upgrade.leave().await?;
    Ok(())
}

pub(super) async fn drain(url: &str) -> anyhow::Result<()> {
    let (upgrade, background) = start(url).await?;
    let began = Instant::now();
    upgrade.mark_serving().await?;
    until_none_left(url, began, "SELECT max(id) IS NULL FROM changeover.job").await?;
    background.drain(std::time::Duration::from_secs(5)).await;
    upgrade.leave().await?;
    Ok(())
}
