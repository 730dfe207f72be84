//! Stopping after a step, in a service.

use super::common::{Database, OWNER, migrate, until, value};
use super::{BASE, TOTAL, all_done, servable};
use changeover::Changeover;

#[tokio::test]
async fn a_service_stops_after_the_step_and_so_does_the_next() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let owner = database.connect(OWNER).await;
    // Steps have their names once they are planned.
    owner.batch_execute("SELECT changeover.pause_v1('shop')").await.unwrap();
    let two = Changeover::start(database.options("2", &[BASE, TOTAL])).await.unwrap();
    until("it is planned", || async {
        value::<i64>(&owner, "SELECT count(*) FROM changeover.step WHERE migration = 2").await > 0
    })
    .await;
    owner
        .batch_execute(
            "SELECT changeover.stop_after_v1('shop', '0002.2.sync'); SELECT changeover.resume_v1('shop')",
        )
        .await
        .unwrap();
    servable(&two).await;
    stopped(&owner).await;
    two.leave().await.unwrap();
    let next = Changeover::start(database.options("2", &[BASE, TOTAL])).await.unwrap();
    servable(&next).await;
    stopped(&owner).await;
    let outlook = migrate(database.options("2", &[BASE, TOTAL])).await.unwrap();
    assert_eq!(outlook.stopped_after.unwrap().as_str(), "0002.2.sync");
    stopped(&owner).await;

    owner.batch_execute("SELECT changeover.stop_after_v1('shop', NULL)").await.unwrap();
    all_done(&owner).await;
    next.leave().await.unwrap();
}

/// Nobody holds the term, and the step behind was not begun.
async fn stopped(owner: &tokio_postgres::Client) {
    until("the term is given back", || async {
        value::<bool>(owner, "SELECT holder IS NULL FROM changeover.term").await
    })
    .await;
    let begun = "SELECT attempts FROM changeover.step WHERE id = '0002.2.backfill'";
    assert_eq!(value::<i32>(owner, begun).await, 0);
}
