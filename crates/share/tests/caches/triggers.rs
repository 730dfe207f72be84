//! A cache whose table is not watched fails, and the triggers are made again, one try at a time.

use crate::common::{Database, OWNER, until, value};
use crate::stage::{Start, content, start, token};
use changeover_share::cache::CacheError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

static LOOKS: AtomicUsize = AtomicUsize::new(0);

/// A trigger that is dropped or turned off is an error, not silence; also if only for a moment.
#[tokio::test(flavor = "multi_thread")]
async fn without_its_trigger_a_cache_fails() {
    let database = Database::new(15).await;
    let owning = start(&database, Start::default()).await;
    let trigger: String = {
        let admin = database.connect("postgres").await;
        let sql = "SELECT tgname::text FROM pg_trigger WHERE tgrelid = 'settings'::regclass";
        value(&admin, sql).await
    };
    drop(owning);
    // One that does not own cannot mend it.
    let watched = Vec::new();
    let instance = start(&database, Start { watched, ..Start::default() }).await;
    let cache = instance.whole("settings");
    content(&cache, "a").await;
    let owner = database.connect(OWNER).await;
    for (off, on) in [("DISABLE", "ENABLE ALWAYS"), ("DISABLE", "ENABLE ALWAYS")] {
        owner
            .batch_execute(&format!("ALTER TABLE settings {off} TRIGGER {trigger}"))
            .await
            .unwrap();
        until("it fails", async || {
            matches!(cache.get(&()).await, Err(CacheError::NotWatched { .. }))
        })
        .await;
        owner.batch_execute(&format!("ALTER TABLE settings {on} TRIGGER {trigger}")).await.unwrap();
        until("it is well again", async || cache.get(&()).await.is_ok()).await;
    }
    let seen = token(&owner).await;
    cache.get_at_least(&(), seen).await.unwrap();
    // Between two looks: off, written, on.
    owner
        .batch_execute(&format!(
            "BEGIN; ALTER TABLE settings DISABLE TRIGGER {trigger}; \
             INSERT INTO settings VALUES ('quiet', 1); \
             ALTER TABLE settings ENABLE ALWAYS TRIGGER {trigger}; COMMIT"
        ))
        .await
        .unwrap();
    let seen = token(&owner).await;
    assert_eq!(cache.get_at_least(&(), seen).await.unwrap().get("quiet"), Some(&1));
    owner.batch_execute(&format!("DROP TRIGGER {trigger} ON settings")).await.unwrap();
    until("it fails", async || cache.get(&()).await.is_err()).await;
    // An instance that owns makes it again.
    let _owning = start(&database, Start::default()).await;
    until("it is well again", async || cache.get(&()).await.is_ok()).await;
}

/// While a lock is not to be had, one try waits for it; the next ones do not queue up behind.
#[tokio::test(flavor = "multi_thread")]
async fn triggers_are_mended_one_try_at_a_time() {
    let database = Database::new(15).await;
    let often = Duration::from_millis(1);
    let instance = start(&database, Start { poll: often, mend: often, ..Start::default() }).await;
    let cache = instance.whole("settings");
    content(&cache, "a").await;
    let (owner, looker) = (database.connect(OWNER).await, database.connect(OWNER).await);
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND application_name LIKE 'changeover@%/watch'";
    let before: i64 = value(&looker, sessions).await;
    owner
        .batch_execute(
            "BEGIN; DO $$ DECLARE t record; BEGIN FOR t IN SELECT tgname FROM pg_trigger \
               WHERE tgrelid = 'settings'::regclass LOOP \
             EXECUTE format('DROP TRIGGER %I ON settings', t.tgname); END LOOP; END $$; COMMIT; \
             BEGIN; LOCK TABLE settings IN ROW EXCLUSIVE MODE",
        )
        .await
        .unwrap();
    let most = Arc::new(AtomicUsize::new(0));
    until("many looks have found it missing", async || {
        let there = value::<i64>(&looker, sessions).await - before;
        most.fetch_max(usize::try_from(there.max(0)).unwrap(), Ordering::Relaxed);
        assert!(there <= 1, "{there} tries at once");
        // Each time that it is asked for, a look is made.
        instance
            .reader
            .batch_execute("SELECT pg_notify('changeover_change', 'shop')")
            .await
            .unwrap();
        LOOKS.fetch_add(1, Ordering::Relaxed) > 100 && most.load(Ordering::Relaxed) == 1
    })
    .await;
    owner.batch_execute("COMMIT").await.unwrap();
    until("it is well again", async || cache.get(&()).await.is_ok()).await;
}
