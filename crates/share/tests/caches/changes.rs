//! What one program writes, every instance sees; what is rolled back, none.

use crate::common::{Database, SERVICE, until};
use crate::stage::{SELDOM, Start, TABLES, content, patient, set, start, token};
use changeover_share::cache::Bounds;

const NEXT: (&str, &str) = ("0002_next.sql", "CREATE TABLE more (id bigint PRIMARY KEY);");

async fn each_sees_the_other(listens: bool) {
    for major in [15, 17] {
        let database = Database::new(major).await;
        let old = start(&database, Start { listens, ..Start::default() }).await;
        let files = [TABLES, NEXT];
        let new = start(&database, Start { files: &files, listens, ..Start::default() }).await;
        let (of_old, of_new) = (old.whole("settings"), new.whole("settings"));
        assert_eq!((content(&of_old, "a").await, content(&of_new, "a").await), (None, None));
        set(&old.reader, "settings", "a", 1).await;
        until("new sees old", async || content(&of_new, "a").await == Some(1)).await;
        set(&new.reader, "settings", "a", 2).await;
        until("old sees new", async || content(&of_old, "a").await == Some(2)).await;
        // As anybody with psql would, also with triggers off.
        let other = database.connect("postgres").await;
        other
            .batch_execute(
                "SET session_replication_role = replica; UPDATE settings SET content = 3",
            )
            .await
            .unwrap();
        for cache in [&of_old, &of_new] {
            until("both see psql", async || content(cache, "a").await == Some(3)).await;
        }
        // What nobody writes is loaded no more.
        let seen = token(&old.reader).await;
        of_old.get_at_least(&(), seen).await.unwrap();
        let loads = old.loads();
        for _ in 0..20 {
            content(&of_old, "a").await;
        }
        assert_eq!(old.loads(), loads);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_instance_sees_what_the_other_writes() {
    each_sees_the_other(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_instance_sees_what_the_other_writes_without_notifications() {
    each_sees_the_other(false).await;
}

/// With looks so seldom, only the notification can have brought it.
#[tokio::test(flavor = "multi_thread")]
async fn a_notification_brings_the_look_on() {
    let database = Database::new(15).await;
    let instance = start(&database, Start { poll: SELDOM, ..Start::default() }).await;
    let bounds = Bounds { age_max: SELDOM * 2, ..patient() };
    let cache = instance.whole_within("settings", bounds);
    assert_eq!(content(&cache, "a").await, None);
    let other = database.connect(SERVICE).await;
    set(&other, "settings", "a", 1).await;
    until("it is seen", async || content(&cache, "a").await == Some(1)).await;
}

/// The number of a transaction that commits late is lower than others that were seen before.
#[tokio::test(flavor = "multi_thread")]
async fn who_commits_late_is_not_missed() {
    for major in [15, 17] {
        let database = Database::new(major).await;
        let instance = start(&database, Start { listens: false, ..Start::default() }).await;
        let cache = instance.whole("settings");
        let (late, other) = (database.connect(SERVICE).await, database.connect(SERVICE).await);
        late.batch_execute("BEGIN").await.unwrap();
        set(&late, "settings", "late", 1).await;
        for i in 1..=3 {
            set(&other, "settings", "other", i).await;
            until("the other is seen", async || content(&cache, "other").await == Some(i)).await;
        }
        assert_eq!(content(&cache, "late").await, None);
        late.batch_execute("COMMIT").await.unwrap();
        until("the late one is seen", async || content(&cache, "late").await == Some(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rolled_back_drops_nothing() {
    let database = Database::new(15).await;
    let instance = start(&database, Start::default()).await;
    let cache = instance.whole("settings");
    content(&cache, "a").await;
    let other = database.connect(SERVICE).await;
    let loads = instance.loads();
    other.batch_execute("BEGIN").await.unwrap();
    set(&other, "settings", "a", 1).await;
    other.batch_execute("ROLLBACK").await.unwrap();
    // A part that is rolled back, and one that is kept; and a statement that changes nothing.
    other.batch_execute("UPDATE settings SET content = 1 WHERE false").await.unwrap();
    let seen = token(&other).await;
    cache.get_at_least(&(), seen).await.unwrap();
    assert_eq!(instance.loads(), loads);
    other.batch_execute("BEGIN; SAVEPOINT one").await.unwrap();
    set(&other, "settings", "a", 1).await;
    other.batch_execute("ROLLBACK TO one").await.unwrap();
    set(&other, "settings", "b", 2).await;
    let seen = token(&other).await;
    other.batch_execute("COMMIT").await.unwrap();
    let found = cache.get_at_least(&(), seen).await.unwrap();
    assert_eq!((found.get("a"), found.get("b")), (None, Some(&2)));
}

/// No row, lock or number that writers of two tables would fight for.
#[tokio::test(flavor = "multi_thread")]
async fn writers_in_opposite_order_neither_wait_nor_deadlock() {
    let database = Database::new(15).await;
    let _instance = start(&database, Start::default()).await;
    let (one, other) = (database.connect(SERVICE).await, database.connect(SERVICE).await);
    for client in [&one, &other] {
        client.batch_execute("SET lock_timeout = '1ms'; BEGIN").await.unwrap();
    }
    set(&one, "settings", "one", 1).await;
    set(&other, "prices", "other", 1).await;
    set(&one, "prices", "one", 1).await;
    set(&other, "settings", "other", 1).await;
    for client in [&one, &other] {
        client.batch_execute("COMMIT").await.unwrap();
    }
}
