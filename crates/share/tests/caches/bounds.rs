//! No read is older than was promised: with a token, after notes were pruned, when nobody can look.

use crate::common::{Database, SERVICE, until, value};
use crate::stage::{SELDOM, Start, content, patient, set, start, token};
use changeover_share::cache::{Bounds, CacheError, WhenStale};
use std::time::Duration;

/// Looks come only where a read with a token asks for one.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_never_sees_less_than_its_own_write() {
    for major in [15, 17] {
        let database = Database::new(major).await;
        let quiet = || Start { listens: false, poll: SELDOM, ..Start::default() };
        let one = start(&database, quiet()).await;
        let other = start(&database, quiet()).await;
        let bounds = Bounds { age_max: SELDOM * 2, ..patient() };
        let caches = [one.whole_within("settings", bounds), other.whole_within("settings", bounds)];
        for cache in &caches {
            content(cache, "a").await;
        }
        let client = database.connect(SERVICE).await;
        for i in 0..20 {
            client.batch_execute("BEGIN").await.unwrap();
            set(&client, "settings", "a", i).await;
            let written = token(&client).await;
            client.batch_execute("COMMIT").await.unwrap();
            for cache in &caches {
                let text = written.to_string();
                let found = cache.get_at_least(&(), text.parse().unwrap()).await.unwrap();
                assert_eq!(found.get("a"), Some(&i));
            }
        }
        // One that never commits is not waited for beyond the bound.
        let bounds = Bounds { token_wait: Duration::from_millis(100), ..bounds };
        let cache = one.whole_within("settings", bounds);
        client.batch_execute("BEGIN").await.unwrap();
        let never = token(&client).await;
        let error = cache.get_at_least(&(), never).await.unwrap_err();
        assert!(matches!(error, CacheError::NotSeen { .. }), "{error}");
    }
}

/// Notes that are gone before an instance has seen them: it begins again.
#[tokio::test(flavor = "multi_thread")]
async fn pruned_notes_are_not_missed() {
    for major in [15, 17] {
        let database = Database::new(major).await;
        let quiet = || Start { listens: false, poll: SELDOM, ..Start::default() };
        let instance = start(&database, quiet()).await;
        let bounds = Bounds { age_max: SELDOM * 2, ..patient() };
        let cache = instance.whole_within("settings", bounds);
        content(&cache, "a").await;
        let admin = database.connect("postgres").await;
        let prune = "SELECT changeover.prune_changes_v1('shop', 0)";
        let notes = "SELECT count(*) FROM changeover.change_note";
        // One writes early and commits late: its note is old when it is first seen.
        let (late, other) = (database.connect(SERVICE).await, database.connect(SERVICE).await);
        late.batch_execute("BEGIN").await.unwrap();
        set(&late, "settings", "late", 1).await;
        set(&other, "settings", "a", 1).await;
        for _ in 0..3 {
            value::<i64>(&admin, prune).await;
        }
        assert_eq!(value::<i64>(&admin, notes).await, 0);
        late.batch_execute("COMMIT").await.unwrap();
        assert_eq!(value::<i64>(&admin, prune).await, 0, "not seen yet by what was to be pruned");
        assert_eq!(value::<i64>(&admin, notes).await, 1);
        for _ in 0..2 {
            value::<i64>(&admin, prune).await;
        }
        assert_eq!(value::<i64>(&admin, notes).await, 0);
        // Any later token: the look that it asks for finds no notes, but that some are gone.
        let seen = token(&other).await;
        let found = cache.get_at_least(&(), seen).await.unwrap();
        assert_eq!((found.get("a"), found.get("late")), (Some(&1), Some(&1)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_can_look_reads_fail_and_are_never_old() {
    let database = Database::new(15).await;
    let instance = start(&database, Start::default()).await;
    let age_max = Duration::from_millis(500);
    let failing = instance
        .whole_within("settings", Bounds { age_max, when_stale: WhenStale::Fail, ..patient() });
    let waiting = instance.whole_within("settings", Bounds { age_max, ..patient() });
    until("it is loaded", async || failing.get(&()).await.is_ok()).await;
    content(&waiting, "a").await;
    // From now on no session of the service looks; those that load stay.
    let admin = database.connect("postgres").await;
    admin
        .batch_execute(&format!(
            "ALTER FUNCTION changeover.changes_v1(text, text[], pg_snapshot, integer) RENAME TO away; \
             INSERT INTO settings VALUES ('a', 1) -- {SERVICE}"
        ))
        .await
        .unwrap();
    until("it fails", async || matches!(failing.get(&()).await, Err(CacheError::TooStale { .. })))
        .await;
    let blocked = tokio::spawn(async move { content(&waiting, "a").await });
    admin
        .batch_execute(
            "ALTER FUNCTION changeover.away(text, text[], pg_snapshot, integer) RENAME TO changes_v1",
        )
        .await
        .unwrap();
    assert_eq!(blocked.await.unwrap(), Some(1));
    until("it is well again", async || content(&instance.whole("settings"), "a").await == Some(1))
        .await;
}
