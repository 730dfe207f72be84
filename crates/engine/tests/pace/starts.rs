//! What a short upgrade does not open, and that an owner who sees little is no error.

use crate::common::{Database, OWNER, migrate, until, value};
use changeover::Pace;
use tokio_util::sync::CancellationToken;

const BASE: (&str, &str) = (
    "0001_base.sql",
    "CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
     INSERT INTO customers SELECT g, 'name ' || g FROM generate_series(1, 20000) g;",
);

const SHORT: (&str, &str) = (
    "0002_short.sql",
    "CREATE TABLE few (id bigint PRIMARY KEY);
     INSERT INTO few VALUES (1);
     ALTER TABLE few ADD COLUMN twice bigint;
     UPDATE few SET twice = id * 2;",
);

/// Its row would be there if the pace had been watched.
#[tokio::test(flavor = "multi_thread")]
async fn a_short_upgrade_is_not_watched() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    migrate(database.options("2", &[BASE, SHORT])).await.unwrap();
    let owner = database.connect(OWNER).await;
    assert_eq!(value::<i64>(&owner, "SELECT count(*) FROM changeover.pace").await, 0);
    assert_eq!(value::<i64>(&owner, "SELECT count(*) FROM changeover.probe").await, 0);
}

/// An owner without pg_monitor, as on a managed server: it is watched on each major.
async fn watched_on(major: u16) {
    let database = Database::new(major).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let fill = "ALTER TABLE customers ADD COLUMN upper_name text; \
                UPDATE customers SET upper_name = upper(name);";
    let mut options = database.options("2", &[BASE, ("0002_fill.sql", fill)]);
    // One row a batch: it goes on until it is stopped.
    options.pace = Pace { batch_rows_first: 1, batch_rows_max: 1, ..Pace::default() };
    let stop = CancellationToken::new();
    let run = tokio::spawn(changeover::operate::migrate(options, stop.clone()));
    let owner = database.connect(OWNER).await;
    // It begins as if nobody else were there; what it has found out by a second row shows that it was answered.
    let is_answered = "SELECT EXISTS (SELECT FROM changeover.pace WHERE updated_at > since \
                        AND observed IS DISTINCT FROM 'the server''s statistics are not answered')";
    until("it is watched", || async { value::<bool>(&owner, is_answered).await }).await;
    stop.cancel();
    let ended = run.await.unwrap();
    assert!(matches!(ended, Err(changeover::Error::Stopped)), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_statistics_are_read_by_majors_13_15_17_and_18() {
    for major in [13, 15, 17, 18] {
        watched_on(major).await;
    }
}
