//! The queue behind PgBouncer in transaction mode: each transaction may meet another session.

use crate::on_servers;
use crate::stage::{Act, ActOnBatch, Stage, write_as};
use changeover::Changeover;
use changeover_postgres::PgBouncer;
use changeover_work::{BackgroundBuilder, Enqueue, JobLimits};
use serde_json::json;

on_servers!(jobs_run_once_behind_a_pooler);

/// One by one, in batches, and at most once; with fewer sessions than the instance has connections.
async fn jobs_run_once_behind_a_pooler(major: u16) {
    let stage = Stage::new(major).await;
    let server = stage.database.server;
    let started =
        tokio::task::spawn_blocking(|| PgBouncer::in_front_of(server).pool_size(3).start());
    let pooler = started.await.unwrap().unwrap();
    let mut options = stage.options(1);
    options.service_url = Some(pooler.url(crate::common::SERVICE, &stage.database.name));
    let upgrade = Changeover::start(options).await.unwrap();
    upgrade.wait_until_servable().await.unwrap();
    let mut once = Act::writing();
    once.kind = "once";
    once.limits = JobLimits { at_most_once: true, ..JobLimits::default() };
    let mut batches = ActOnBatch::new(|jobs, transaction| {
        Box::pin(async move {
            for job in jobs {
                write_as(job, transaction, "batch").await?;
            }
            Ok(())
        })
    });
    batches.kind = "batched";
    let builder =
        BackgroundBuilder::new(upgrade.instance()).job(Act::writing()).job(once).batch_job(batches);
    let background = builder.start().await.unwrap();
    upgrade.mark_serving().await.unwrap();
    stage.reached("it is current", "SELECT gen >= 1 FROM changeover.generation").await;

    let client = stage.client().await;
    let mut ids = Vec::new();
    for kind in ["work", "batched", "once"] {
        let mut jobs = Enqueue::new(kind, 1);
        for number in 0..150 {
            jobs = jobs.payload(json!({ "number": number })).unwrap();
        }
        ids.extend(background.jobs().enqueue_all(&client, jobs).await.unwrap());
    }
    stage.none_left().await;
    stage.effects_are_once(&ids).await;
    upgrade.drain().await.unwrap();
    assert!(background.drain(std::time::Duration::from_secs(20)).await.is_clean());
    upgrade.leave().await.unwrap();
}
