//! The share of the time, and the hours.

use super::common::{Database, OWNER, migrate, until, value};
use super::{BASE, all_done, in_mid_backfill, servable, state_of};
use changeover::Changeover;

const INDEX: (&str, &str) = (
    "0002_index.sql",
    "CREATE INDEX customers_name ON customers (name);
     ALTER TABLE orders ADD COLUMN total bigint;
     UPDATE orders SET total = (payload->>'total')::bigint;",
);

#[tokio::test]
async fn builds_begin_within_the_hours_and_the_rest_goes_on() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let owner = database.connect(OWNER).await;
    // From two hours from now on, for an hour: not now, however slow the machine is.
    let closed = "SELECT changeover.set_pace_v1('shop', hours => concat(extract(hour FROM later), '-', \
                     extract(hour FROM later + interval '1 hour')), time_zone => 'Asia/Tokyo') \
                    FROM (SELECT clock_timestamp() AT TIME ZONE 'Asia/Tokyo' + interval '2 hours') AS n (later)";
    owner.batch_execute(closed).await.unwrap();
    let two = Changeover::start(database.options("2", &[BASE, INDEX])).await.unwrap();
    servable(&two).await;
    until("the column is filled", || async { state_of(&owner, "backfill_check").await == "done" })
        .await;
    until("the term is given back", || async {
        value::<bool>(&owner, "SELECT holder IS NULL FROM changeover.term").await
    })
    .await;
    assert_eq!(state_of(&owner, "index_build").await, "pending");
    let outlook = migrate(database.options("2", &[BASE, INDEX])).await.unwrap();
    assert!(outlook.withheld[0].1.contains("Asia/Tokyo"), "{outlook:?}");
    owner.batch_execute("SELECT changeover.set_pace_v1('shop')").await.unwrap();
    all_done(&owner).await;
    two.leave().await.unwrap();
}

/// A share of next to nothing makes a rest of 100 batches out of one of 20.
#[tokio::test]
async fn the_share_is_heeded_by_what_runs() {
    let database = Database::new(15).await;
    let (two, owner) = in_mid_backfill(&database).await;
    owner
        .batch_execute("SELECT changeover.set_pace_v1('shop', max_share => 0.000001)")
        .await
        .unwrap();
    let wishes =
        changeover::control::operator::Operator::connect(&database.url(OWNER), "shop", None)
            .await
            .unwrap()
            .wishes()
            .await
            .unwrap();
    assert_eq!(wishes.max_share, Some(0.000_001));
    two.leave().await.unwrap();
}
