//! Commits that take long, as on a slow disk, while somebody else is at work.

use crate::stage::Stage;

const DURABLE: [(&str, &str); 2] = [("fsync", "on"), ("synchronous_commit", "on")];

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_disk_slows_it_down_and_it_recovers() {
    let mut stage = Stage::new(&DURABLE).await;
    let _company = stage.company().await;
    stage.begin().await;
    stage.has_base().await;
    // Every commit waits for a tenth of a second before it is synced.
    stage.set("commit_siblings = 0").await;
    stage.set("commit_delay = 100000").await;
    stage.slows_by("probe", "a commit takes % ms instead of % ms").await;
    stage.set("commit_delay = 0").await;
    stage.recovers().await;
    stage.end().await;
}

/// Alone nobody has to be given way to: it doesn't even probe.
#[tokio::test(flavor = "multi_thread")]
async fn alone_it_does_not_probe() {
    let mut stage = Stage::new(&DURABLE).await;
    stage.begin().await;
    stage.says("share = 1 AND limited_by IS NULL AND batch_ms = 50").await;
    let _company = stage.company().await;
    stage.says("batch_ms < 10").await;
    stage.end().await;
}
