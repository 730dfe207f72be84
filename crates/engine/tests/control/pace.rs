//! The share of the time, and the hours.

use super::common::{Database, OWNER, migrate, until, value};
use super::{BASE, TOTAL, all_done, filled, renewed, servable, slowly, state_of};
use changeover::Changeover;
use tokio_postgres::Client;

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

/// A hundredth of the time instead of half of it: a tenth of the rows at most, between two renewals each.
#[tokio::test]
async fn the_share_is_heeded_by_what_runs() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let owner = database.connect(OWNER).await;
    // As many as no machine fills by one in the time that this takes.
    let more =
        "INSERT INTO orders (payload) SELECT '{\"total\": 1}' FROM generate_series(1, 100000)";
    owner.batch_execute(more).await.unwrap();
    let mut options = slowly(database.options("2", &[BASE, TOTAL]));
    options.pace.rest_ratio = Some(1.0);
    let two = Changeover::start(options).await.unwrap();
    servable(&two).await;
    until("the backfill is under way", || async { filled(&owner).await > 3 }).await;
    let before = filled_while_renewed(&owner).await;
    let slower = "SELECT changeover.set_pace_v1('shop', max_share => 0.01, min_share => 0)";
    owner.batch_execute(slower).await.unwrap();
    until("it goes at a tenth of its speed", || async {
        filled_while_renewed(&owner).await * 10 <= before
    })
    .await;
    assert!(filled(&owner).await < 100_000, "it has ended meanwhile");
    two.leave().await.unwrap();
}

async fn filled_while_renewed(owner: &Client) -> i64 {
    let before = filled(owner).await;
    renewed(owner).await;
    filled(owner).await - before
}
