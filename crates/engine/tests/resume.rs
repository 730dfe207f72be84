//! A migrator that dies in mid-backfill: the next one goes on from the cursor, and no row is worked
//! twice beyond the open batch.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use changeover::{Hook, PausePoint};
use common::{Database, OWNER, migrate, value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_util::sync::CancellationToken;

const ROWS: i64 = 30_000;

fn files() -> [(&'static str, String); 2] {
    [
        (
            "0001_base.sql",
            format!(
                "CREATE TABLE items (a integer, b uuid, payload integer NOT NULL, PRIMARY KEY (a, b));
                 INSERT INTO items SELECT g % 7, gen_random_uuid(), g FROM generate_series(1, {ROWS}) g;"
            ),
        ),
        (
            "0002_double.sql",
            "ALTER TABLE items ADD COLUMN double integer;
             UPDATE items SET double = payload * 2;"
                .to_owned(),
        ),
    ]
}

/// Runs the upgrade and dies (its task is dropped, its connections with it) at the `nth` time that
/// `point` is reached.
async fn die_at(database: &Database, point: PausePoint, nth: u32) {
    let files = files();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut options = database.options("2", &files);
    options.pace.batch_rows_first = 500;
    options.pace.batch_rows_max = 500;
    // However slow the machine, the size of a batch must not adapt: it is counted below.
    options.pace.batch_target = std::time::Duration::from_secs(10);
    let reached = Arc::new(AtomicU32::new(0));
    let died = CancellationToken::new();
    let signal = died.clone();
    options.hook = Hook::new(move |pause| {
        let (reached, signal) = (Arc::clone(&reached), signal.clone());
        async move {
            let backfill = pause.step.is_some_and(|step| step.as_str().ends_with("backfill"));
            if pause.point == point && backfill && reached.fetch_add(1, Ordering::SeqCst) + 1 == nth
            {
                signal.cancel();
                std::future::pending::<()>().await;
            }
        }
    });
    tokio::select! {
        outcome = migrate(options) => panic!("ended before it died: {outcome:?}"),
        () = died.cancelled() => {}
    }
}

async fn resumes(point: PausePoint, batches_committed: i64) {
    let database = Database::new(15).await;
    let files = files();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    migrate(database.options("1", &files[..1])).await.unwrap();
    let owner = database.connect(OWNER).await;
    die_at(&database, point, 10).await;
    let done: i64 = value(&owner, "SELECT sum(done)::bigint FROM changeover.progress").await;
    assert_eq!(done, batches_committed * 500, "cursor and rows are committed together");
    let filled: i64 = value(&owner, "SELECT count(*) FROM items WHERE double IS NOT NULL").await;
    assert_eq!(filled, done);

    migrate(database.options("2", &files)).await.unwrap();
    let (written, looked_at): (i64, i64) = {
        let row = owner
            .query_one(
                "SELECT sum(written)::bigint, sum(done)::bigint FROM changeover.progress \
                  WHERE step LIKE '%backfill'",
                &[],
            )
            .await
            .unwrap();
        (row.get(0), row.get(1))
    };
    assert_eq!((written, looked_at), (ROWS, ROWS), "each row was worked once");
    let wrong: i64 =
        value(&owner, "SELECT count(*) FROM items WHERE double IS DISTINCT FROM payload * 2").await;
    assert_eq!(wrong, 0);
    let epochs: i64 = value(&owner, "SELECT epoch FROM changeover.term").await;
    assert!(epochs >= 3, "each holder had its own term");
}

#[tokio::test]
async fn goes_on_after_dying_between_batches() {
    resumes(PausePoint::AfterBatch, 10).await;
}

#[tokio::test]
async fn goes_on_after_dying_within_a_batch() {
    resumes(PausePoint::BeforeCommit, 9).await;
}

/// Several connections at once: one dies before it commits the first range, while others have committed later
/// ones. The cursor must not pass over it, and what lies beyond is neither lost nor counted twice.
#[tokio::test]
async fn goes_on_where_ranges_were_committed_out_of_order() {
    let database = Database::new(15).await;
    let files = files();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    migrate(database.options("1", &files[..1])).await.unwrap();
    let owner = database.connect(OWNER).await;
    let mut options = database.options("2", &files);
    options.pace.parallel = 3;
    options.pace.batch_rows_first = 500;
    options.pace.batch_rows_max = 500;
    options.pace.batch_target = std::time::Duration::from_secs(10);
    let again = options.clone();
    let (held, committed) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let died = CancellationToken::new();
    let signal = died.clone();
    options.hook = Hook::new(move |pause| {
        let (held, committed) = (Arc::clone(&held), Arc::clone(&committed));
        let signal = signal.clone();
        async move {
            if !pause.step.is_some_and(|step| step.as_str().ends_with("backfill")) {
                return;
            }
            let is_first =
                pause.point == PausePoint::BeforeCommit && held.fetch_add(1, Ordering::SeqCst) == 0;
            let is_last = pause.point == PausePoint::AfterBatch
                && committed.fetch_add(1, Ordering::SeqCst) + 1 == 7;
            if is_last {
                signal.cancel();
            }
            if is_first || is_last {
                std::future::pending::<()>().await;
            }
        }
    });
    tokio::select! {
        outcome = migrate(options) => panic!("ended before it died: {outcome:?}"),
        () = died.cancelled() => {}
    }
    let behind: i64 = value(
        &owner,
        "SELECT count(*) FROM items i, changeover.progress p \
          WHERE p.step LIKE '%backfill' AND i.double IS NULL \
            AND (i.a, i.b) <= ((p.cursor ->> 0)::integer, (p.cursor ->> 1)::uuid)",
    )
    .await;
    assert_eq!(behind, 0, "the cursor has passed over rows that are not filled");
    let filled: i64 = value(&owner, "SELECT count(*) FROM items WHERE double IS NOT NULL").await;
    assert!(filled >= 7 * 500, "{filled}: others went on");

    migrate(again).await.unwrap();
    let wrong: i64 =
        value(&owner, "SELECT count(*) FROM items WHERE double IS DISTINCT FROM payload * 2").await;
    assert_eq!(wrong, 0);
    let counted = "SELECT sum(done)::bigint || ' ' || sum(written)::bigint FROM changeover.progress \
                    WHERE step LIKE '%backfill'";
    let counted: String = value(&owner, counted).await;
    assert_eq!(counted, format!("{ROWS} {ROWS}"), "each row was written once, and counted once");
}
