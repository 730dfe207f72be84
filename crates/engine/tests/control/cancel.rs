//! Cancelling what runs long.

use super::common::{Database, OWNER, SERVICE, migrate, until, value};
use super::{BASE, all_done, in_mid_backfill, servable, state_of};
use changeover::Changeover;

const INDEX: (&str, &str) = (
    "0002_index.sql",
    "CREATE INDEX customers_name ON customers (name);
     ALTER TABLE orders ADD COLUMN total bigint;
     UPDATE orders SET total = (payload->>'total')::bigint;",
);
const CHECKED: (&str, &str) = (
    "0002_checked.sql",
    "-- changeover: old-complies because \"nobody is without a name\"
     ALTER TABLE customers ADD CONSTRAINT named CHECK (name <> '');",
);

/// A build waits for every older transaction: with one open it never ends.
#[tokio::test]
async fn a_cancelled_build_is_undone_and_not_begun_again_until_resumed() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let (owner, looker) = (database.connect(OWNER).await, database.connect(SERVICE).await);
    looker.batch_execute("BEGIN; UPDATE customers SET name = name WHERE id = 1").await.unwrap();
    let two = Changeover::start(database.options("2", &[BASE, INDEX])).await.unwrap();
    servable(&two).await;
    let builds = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                     AND state = 'active' AND query LIKE 'CREATE INDEX CONCURRENTLY%'";
    until("the build is under way", || async { value::<i64>(&owner, builds).await == 1 }).await;
    let step: String =
        value(&owner, "SELECT id FROM changeover.step WHERE kind = 'index_build'").await;

    let cancel = format!("SELECT changeover.cancel_step_v1('shop', '{step}', 'too slow')");
    assert_eq!(value::<String>(&owner, &cancel).await, "running");
    until("the build is cancelled", || async { value::<i64>(&owner, builds).await == 0 }).await;
    looker.batch_execute("COMMIT").await.unwrap();
    let left = "SELECT count(*) FROM pg_class WHERE relname = 'customers_name'";
    until("what it has left is gone", || async { value::<i64>(&owner, left).await == 0 }).await;
    // The others go on.
    until("the column is filled", || async { state_of(&owner, "backfill_check").await == "done" })
        .await;
    until("the term is given back", || async {
        value::<bool>(&owner, "SELECT holder IS NULL FROM changeover.term").await
    })
    .await;
    let (state, attempts): (String, i32) = {
        let sql = "SELECT state, attempts FROM changeover.step WHERE kind = 'index_build'";
        let row = owner.query_one(sql, &[]).await.unwrap();
        (row.get(0), row.get(1))
    };
    assert_eq!((state.as_str(), attempts), ("pending", 1));
    let held: String =
        value(&owner, "SELECT detail FROM changeover.event WHERE kind = 'step_held'").await;
    assert!(held.contains(&format!("cancelled by {OWNER} since ")), "{held}");
    assert!(held.ends_with(": too slow"), "{held}");

    owner.batch_execute("SELECT changeover.resume_v1('shop')").await.unwrap();
    all_done(&owner).await;
    assert_eq!(value::<i64>(&owner, left).await, 1);
    two.leave().await.unwrap();
}

/// A validation waits for who else changes the table; it is a transaction, so nothing of it stays.
#[tokio::test]
async fn a_cancelled_validation_is_not_begun_again_until_resumed() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let owner = database.connect(OWNER).await;
    let mut only_added = database.options("2", &[BASE, CHECKED]);
    let plan = changeover::operate::plan(&only_added).await.unwrap();
    let validates =
        plan.steps.iter().find(|step| step.kind.as_str() == "constraint_validate").unwrap();
    let added = plan.steps.iter().find(|step| step.id == validates.needs[0]).unwrap();
    only_added.stop_after = Some(added.id.clone());
    migrate(only_added).await.unwrap();
    let blocker = database.connect(OWNER).await;
    blocker
        .batch_execute("BEGIN; LOCK TABLE customers IN SHARE UPDATE EXCLUSIVE MODE")
        .await
        .unwrap();
    let two = Changeover::start(database.options("2", &[BASE, CHECKED])).await.unwrap();
    let runs = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND state = 'active' AND query LIKE '%VALIDATE CONSTRAINT%' AND pid <> pg_backend_pid()";
    until("it validates", || async { value::<i64>(&owner, runs).await == 1 }).await;
    let cancel = format!("SELECT changeover.cancel_step_v1('shop', '{}')", validates.id);
    owner.batch_execute(&cancel).await.unwrap();
    until("the validation is cancelled", || async { value::<i64>(&owner, runs).await == 0 }).await;
    until("it is put back", || async {
        state_of(&owner, "constraint_validate").await == "pending"
    })
    .await;
    blocker.batch_execute("ROLLBACK").await.unwrap();
    owner.batch_execute("SELECT changeover.resume_v1('shop')").await.unwrap();
    all_done(&owner).await;
    two.leave().await.unwrap();
}

#[tokio::test]
async fn a_cancelled_backfill_keeps_its_place() {
    let database = Database::new(15).await;
    let (two, owner) = in_mid_backfill(&database).await;
    let cancel = "SELECT changeover.cancel_step_v1('shop', (SELECT id FROM changeover.step \
                   WHERE kind = 'backfill'))";
    assert_eq!(value::<String>(&owner, cancel).await, "running");
    until("it is put back", || async { state_of(&owner, "backfill").await == "pending" }).await;
    let before = super::filled(&owner).await;
    owner.batch_execute("SELECT changeover.resume_v1('shop')").await.unwrap();
    until("it goes on from there", || async { super::filled(&owner).await > before + 2 }).await;
    two.leave().await.unwrap();
}
