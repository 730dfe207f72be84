//! WAL that cannot be archived.

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn archiving_that_fails_slows_it_down_and_it_recovers() {
    let archiving = [("archive_mode", "on"), ("archive_command", "true"), ("wal_level", "replica")];
    let mut stage = Stage::new(&archiving).await;
    stage.begin().await;
    stage.recovers().await;
    stage.set("archive_command = 'false'").await;
    stage.admin.batch_execute("SELECT pg_switch_wal()").await.unwrap();
    stage.slows_by("archiver", "archiving of WAL fails").await;
    stage.set("archive_command = 'true'").await;
    stage.recovers().await;
    stage.end().await;
}
