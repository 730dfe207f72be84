//! A standby that does not follow.

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_lags_slows_it_down_and_it_recovers() {
    let mut stage = Stage::new(&[("wal_level", "replica"), ("max_wal_senders", "5")]).await;
    let standby = stage.database.server.standby().await.unwrap();
    let url = standby.url("postgres", "postgres");
    let (follower, connection) =
        tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    stage.pace().bounds.replica_lag_bytes = 100_000;
    stage.begin().await;
    stage.recovers().await;
    follower.batch_execute("SELECT pg_wal_replay_pause()").await.unwrap();
    stage.slows_by("replica_lag", "a standby is % MB and % s behind").await;
    follower.batch_execute("SELECT pg_wal_replay_resume()").await.unwrap();
    stage.recovers().await;
    stage.end().await;
}
