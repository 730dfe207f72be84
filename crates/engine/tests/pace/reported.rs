//! A service that says that its requests take longer.

use crate::common::SERVICE;
use crate::stage::Stage;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Reports again and again what the sender says.
async fn reporting(stage: &Stage) -> (watch::Sender<f64>, JoinHandle<()>) {
    let service = stage.database.connect(SERVICE).await;
    let (sender, says) = watch::channel(10.0);
    let task = tokio::spawn(async move {
        loop {
            let p95_ms = *says.borrow();
            let sql = "SELECT changeover.report_latency_v1('shop', 'one', $1)";
            service.execute(sql, &[&p95_ms]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    (sender, task)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_gets_slow_slows_it_down_and_it_recovers() {
    let mut stage = Stage::new(&[]).await;
    // The service is company too; the probe must not be what slows it down.
    stage.pace().probe_factor = 1000.0;
    let (says, task) = reporting(&stage).await;
    stage.begin().await;
    stage.has_base().await;
    says.send(100.0).unwrap();
    stage.slows_by("reported", "a service reports 100.0 ms instead of 10.0").await;
    says.send(10.0).unwrap();
    stage.recovers().await;
    task.abort();
    stage.end().await;
}

/// One that says nothing more counts for ten seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_gone_is_forgotten() {
    let mut stage = Stage::new(&[]).await;
    stage.pace().probe_factor = 1000.0;
    let (says, task) = reporting(&stage).await;
    stage.begin().await;
    stage.has_base().await;
    says.send(100.0).unwrap();
    stage.slows_by("reported", "%").await;
    task.abort();
    stage.recovers().await;
    stage.end().await;
}
