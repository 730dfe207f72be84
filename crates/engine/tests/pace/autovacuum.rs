//! An autovacuum of the very table.

use crate::common::{OWNER, until, value};
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_vacuum_of_the_table_leaves_half_and_then_it_recovers() {
    let mut stage = Stage::new(&[("autovacuum_naptime", "1s")]).await;
    let owner = stage.database.connect(OWNER).await;
    // So slow that it goes on for as long as the test; rows that it has to look at.
    owner
        .batch_execute(
            "ALTER TABLE customers SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, \
                autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1); \
             UPDATE customers SET name = name WHERE id % 3 = 0",
        )
        .await
        .unwrap();
    stage.begin().await;
    stage.says("limited_by = 'autovacuum' AND observed LIKE '%vacuumed%' AND share <= 0.5").await;
    owner.batch_execute("ALTER TABLE customers SET (autovacuum_enabled = off)").await.unwrap();
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'";
    until("no vacuum any more", || async { value::<i64>(&stage.admin, end).await == 0 }).await;
    stage.says("share > 0.5").await;
    stage.end().await;
}
