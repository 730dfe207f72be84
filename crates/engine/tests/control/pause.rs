//! Pause and resume.

use super::common::{Database, OWNER, STATE_WAIT, migrate, until, value};
use super::{BASE, TOTAL, all_done, filled, in_mid_backfill, servable, slowly, stands_still};
use changeover::Changeover;

const WRONG: &str =
    "SELECT count(*) FROM orders WHERE total IS DISTINCT FROM (payload->>'total')::bigint";

#[tokio::test]
async fn a_paused_backfill_holds_its_term_and_goes_on_when_resumed() {
    let database = Database::new(15).await;
    let (two, owner) = in_mid_backfill(&database).await;
    owner.batch_execute("SELECT changeover.pause_v1('shop', 'month end')").await.unwrap();
    stands_still(&owner).await;
    let before = filled(&owner).await;
    let event: String =
        value(&owner, "SELECT detail FROM changeover.event WHERE kind = 'paused'").await;
    assert_eq!(event, format!("by {OWNER}: month end"));
    owner.batch_execute("SELECT changeover.resume_v1('shop')").await.unwrap();
    until("it goes on", || async { filled(&owner).await > before + 2 }).await;
    two.leave().await.unwrap();
}

/// The pause is the ledger's: who takes over is paused too, and no row is filled twice.
#[tokio::test]
async fn the_next_holder_is_paused_too() {
    let database = Database::new(15).await;
    let (two, owner) = in_mid_backfill(&database).await;
    owner.batch_execute("SELECT changeover.pause_v1('shop')").await.unwrap();
    stands_still(&owner).await;
    let epoch: i64 = value(&owner, "SELECT epoch FROM changeover.term").await;
    two.leave().await.unwrap();

    let next = Changeover::start(database.options("2", &[BASE, TOTAL])).await.unwrap();
    servable(&next).await;
    until("somebody else holds the term", || async {
        let sql = "SELECT count(*) FROM changeover.term WHERE holder IS NOT NULL AND epoch > $1";
        owner.query_one(sql, &[&epoch]).await.unwrap().get::<_, i64>(0) == 1
    })
    .await;
    stands_still(&owner).await;
    assert!(filled(&owner).await < 2000, "it was filled while paused");
    owner.batch_execute("SELECT changeover.resume_v1('shop')").await.unwrap();
    all_done(&owner).await;
    assert_eq!((filled(&owner).await, value::<i64>(&owner, WRONG).await), (2000, 0));
    next.leave().await.unwrap();
}

#[tokio::test]
async fn nothing_begins_while_paused_and_the_probe_says_why() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let owner = database.connect(OWNER).await;
    owner.batch_execute("SELECT changeover.pause_v1('shop', 'month end')").await.unwrap();
    let two = Changeover::start(database.options("2", &[BASE, TOTAL])).await.unwrap();
    let paused = format!("paused by {OWNER} since ");
    until("the probe says why it waits", || async {
        let probe = two.health().ready();
        !probe.ok && probe.why.contains(&paused) && probe.why.ends_with(" UTC: month end")
    })
    .await;
    until("it is planned", || async {
        value::<i64>(&owner, "SELECT count(*) FROM changeover.step WHERE migration = 2").await > 0
    })
    .await;
    for _ in 0..3 {
        super::renewed(&owner).await;
    }
    let begun = "SELECT sum(attempts)::bigint FROM changeover.step WHERE migration = 2";
    assert_eq!(value::<i64>(&owner, begun).await, 0);
    owner.batch_execute("SELECT changeover.resume_v1('shop')").await.unwrap();
    servable(&two).await;
    all_done(&owner).await;
    two.leave().await.unwrap();
}

/// A pause doesn't keep a newer release from getting the term.
#[tokio::test]
async fn a_paused_holder_gives_way_to_a_newer_release() {
    let database = Database::new(15).await;
    let (two, owner) = in_mid_backfill(&database).await;
    owner.batch_execute("SELECT changeover.pause_v1('shop')").await.unwrap();
    stands_still(&owner).await;
    let invoices = ("0003_invoices.sql", "CREATE TABLE invoices (id bigint PRIMARY KEY);");
    let options = slowly(database.options("3", &[BASE, TOTAL, invoices]));
    let three = Changeover::start(options).await.unwrap();
    until("the newer release has planned", || async {
        value::<i64>(&owner, "SELECT head FROM changeover.app").await == 3
    })
    .await;
    assert!(filled(&owner).await < 2000);
    let waits = tokio::time::timeout(STATE_WAIT / 60, three.wait_until_servable()).await;
    assert!(waits.is_err(), "a step was begun while paused");
    owner.batch_execute("SELECT changeover.resume_v1('shop')").await.unwrap();
    servable(&three).await;
    two.leave().await.unwrap();
    three.leave().await.unwrap();
}
