//! WAL that somebody else writes, where its rate is bounded.

use crate::stage::Stage;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn much_wal_slows_it_down_and_it_recovers() {
    let mut stage = Stage::new(&[]).await;
    stage.pace().bounds.wal_bytes_per_second = Some(4 << 20);
    stage.pace().probe_factor = 1000.0;
    stage.begin().await;
    stage.recovers().await;
    let writer = stage.database.connect("postgres").await;
    let writing = tokio::spawn(async move {
        loop {
            let much = "SELECT pg_logical_emit_message(false, 'much', repeat('x', 2000000))";
            writer.batch_execute(much).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    stage.slows_by("wal", "% MB of WAL are written a second, 4.0 MB are borne").await;
    writing.abort();
    stage.recovers().await;
    stage.end().await;
}
