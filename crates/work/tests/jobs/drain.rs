//! A drain counts nothing as failed: what has not begun is returned, what does not end is rolled back.

use crate::on_servers;
use crate::stage::{Act, Stage, write};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

on_servers!(what_has_not_begun_is_returned, what_ends_within_the_budget_is_finished);

/// A handler that writes, and then waits until it may go on.
pub(crate) fn gated(gate: &Arc<Semaphore>, begun: &Arc<Semaphore>) -> Act {
    let (gate, begun) = (Arc::clone(gate), Arc::clone(begun));
    let mut handler = Act::new(move |job, transaction| {
        let (gate, begun) = (Arc::clone(&gate), Arc::clone(&begun));
        Box::pin(async move {
            write(job, transaction).await?;
            begun.add_permits(1);
            gate.acquire().await?.forget();
            Ok(())
        })
    });
    handler.limits.concurrency = 1;
    handler
}

async fn what_has_not_begun_is_returned(major: u16) {
    let stage = Stage::new(major).await;
    let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let instance = stage.instance(1, |builder| builder.job(gated(&gate, &begun))).await;
    let ids = stage.enqueue(&instance.jobs(), 5).await;
    begun.acquire().await.unwrap().forget();
    stage
        .reached(
            "all are claimed",
            "SELECT count(*) = 5 FROM changeover.jobs WHERE state = 'running'",
        )
        .await;
    instance.upgrade.drain().await.unwrap();
    let report = instance.background.drain(Duration::from_millis(200)).await;
    assert_eq!(report.jobs_returned, 4);
    assert_eq!(report.cut.len(), 1, "{:?}", report.cut);
    assert!(
        report.cut[0].starts_with(&format!("job {} of work, after ", ids[0])),
        "{:?}",
        report.cut
    );
    assert!(!report.is_clean());
    // At once, not when the instance has left; and nothing is counted against them.
    assert_eq!(
        stage.count("SELECT count(*) FROM changeover.jobs WHERE state = 'waiting' AND failures = 0 AND crashes = 0").await,
        5
    );
    assert_eq!(stage.count("SELECT count(*) FROM effects").await, 0);
    instance.upgrade.leave().await.unwrap();
    let heir = stage.instance(1, |builder| builder.job(Act::writing())).await;
    stage.none_left().await;
    stage.effects_are_once(&ids).await;
    heir.leave().await;
}

async fn what_ends_within_the_budget_is_finished(major: u16) {
    let stage = Stage::new(major).await;
    let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let instance = stage.instance(1, |builder| builder.job(gated(&gate, &begun))).await;
    let ids = stage.enqueue(&instance.jobs(), 2).await;
    begun.acquire().await.unwrap().forget();
    instance.upgrade.drain().await.unwrap();
    let (report, ()) = tokio::join!(instance.background.drain(Duration::from_secs(60)), async {
        stage
            .reached(
                "what has not begun is returned",
                "SELECT count(*) = 1 FROM changeover.jobs WHERE state = 'waiting'",
            )
            .await;
        gate.add_permits(1);
    });
    assert!(report.is_clean());
    stage.effects_are_once(&ids[..1]).await;
    assert_eq!(stage.count("SELECT count(*) FROM changeover.job").await, 1);
    instance.upgrade.leave().await.unwrap();
}
