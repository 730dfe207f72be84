//! A replication slot that nobody reads.

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_holds_wal_slows_it_down_and_it_recovers() {
    let mut stage = Stage::new(&[]).await;
    stage.pace().bounds.slot_wal_bytes = 200_000;
    stage.begin().await;
    stage.recovers().await;
    let make = "SELECT pg_create_physical_replication_slot('held', true)";
    stage.admin.batch_execute(make).await.unwrap();
    stage.slows_by("slots", "a replication slot holds back %").await;
    stage.admin.batch_execute("SELECT pg_drop_replication_slot('held')").await.unwrap();
    stage.recovers().await;
    stage.end().await;
}

/// Half of what the server keeps, where it has a bound of its own.
#[tokio::test(flavor = "multi_thread")]
async fn the_servers_own_bound_counts() {
    let mut stage = Stage::new(&[("max_slot_wal_keep_size", "1MB")]).await;
    stage.begin().await;
    let make = "SELECT pg_create_physical_replication_slot('held', true)";
    stage.admin.batch_execute(make).await.unwrap();
    stage.slows_by("slots", "%0.5 MB are borne").await;
    stage.end().await;
}
