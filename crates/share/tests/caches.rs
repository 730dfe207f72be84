//! Shared caches: what one instance or psql writes, the others see, and never later than promised.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../engine/tests/common/mod.rs"]
mod common;

use changeover::Changeover;
use changeover_share::cache::{
    Bounds, CacheError, CacheTiming, Caches, ChangeToken, SharedCache, WatchedTable, WhenStale,
};
use common::{Database, OWNER, SERVICE, until, value};
use futures_util::SinkExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_postgres::Client;

const TABLES: (&str, &str) = (
    "0001_tables.sql",
    "CREATE TABLE settings (name text PRIMARY KEY, content bigint);
     CREATE TABLE prices (name text PRIMARY KEY, content bigint);
     CREATE TABLE parts (id bigint, name text, content bigint) PARTITION BY RANGE (id);
     CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (1000);
     CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (1000) TO (2000);",
);
const NEXT: (&str, &str) = ("0002_next.sql", "CREATE TABLE more (id bigint PRIMARY KEY);");

/// Looks so seldom that only a notification or a request brings the next look on.
const SELDOM: Duration = Duration::from_secs(600);

type Whole = SharedCache<(), BTreeMap<String, i64>>;

/// An instance with its caches.
struct Instance {
    _changeover: Changeover,
    caches: Caches,
    reader: Arc<Client>,
    loads: Arc<AtomicUsize>,
}

struct Start<'a> {
    files: &'a [(&'a str, &'a str)],
    watched: Vec<WatchedTable>,
    listens: bool,
    poll: Duration,
    mend: Duration,
}

impl Default for Start<'_> {
    fn default() -> Self {
        let mut watched = vec![WatchedTable::whole("settings"), WatchedTable::whole("parts")];
        watched.push(WatchedTable::by_key("prices", "name"));
        Self {
            files: &[TABLES],
            watched,
            listens: true,
            poll: Duration::from_millis(50),
            mend: CacheTiming::default().mend,
        }
    }
}

async fn start(database: &Database, start: Start<'_>) -> Instance {
    let mut options = database.options("1", start.files);
    options.listen_url = start.listens.then(|| database.url(SERVICE));
    let changeover = Changeover::start(options).await.unwrap();
    changeover.wait_until_servable().await.unwrap();
    changeover.mark_serving().await.unwrap();
    let timing = CacheTiming { poll: start.poll, mend: start.mend, ..CacheTiming::default() };
    let caches = Caches::start(&changeover, start.watched, timing).await.unwrap();
    Instance {
        _changeover: changeover,
        caches,
        reader: Arc::new(database.connect(SERVICE).await),
        loads: Arc::default(),
    }
}

/// For states that do come, but on a machine that is busy with other things.
fn patient() -> Bounds {
    Bounds {
        age_max: Duration::from_secs(60),
        token_wait: Duration::from_secs(60),
        when_stale: WhenStale::Wait(Duration::from_secs(60)),
        ..Bounds::default()
    }
}

impl Instance {
    fn whole(&self, table: &'static str) -> Whole {
        self.whole_within(table, patient())
    }

    fn whole_within(&self, table: &'static str, bounds: Bounds) -> Whole {
        let (reader, loads) = (Arc::clone(&self.reader), Arc::clone(&self.loads));
        self.caches.whole(table, bounds, move || {
            let (reader, loads) = (Arc::clone(&reader), Arc::clone(&loads));
            async move {
                loads.fetch_add(1, Ordering::SeqCst);
                let rows = reader.query(&format!("SELECT name, content FROM {table}"), &[]).await?;
                let rows = rows.iter().map(|row| (row.get(0), row.get(1)));
                Ok::<BTreeMap<String, i64>, tokio_postgres::Error>(rows.collect())
            }
        })
    }

    fn prices(&self) -> SharedCache<String, Option<i64>> {
        let (reader, loads) = (Arc::clone(&self.reader), Arc::clone(&self.loads));
        self.caches.by_key("prices", patient(), move |name: String| {
            let (reader, loads) = (Arc::clone(&reader), Arc::clone(&loads));
            async move {
                loads.fetch_add(1, Ordering::SeqCst);
                let sql = "SELECT content FROM prices WHERE name = $1";
                let row = reader.query_opt(sql, &[&name]).await?;
                Ok::<Option<i64>, tokio_postgres::Error>(row.map(|row| row.get(0)))
            }
        })
    }

    fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }
}

async fn content(cache: &Whole, name: &str) -> Option<i64> {
    cache.get(&()).await.unwrap().get(name).copied()
}

async fn set(client: &Client, table: &str, name: &str, content: i64) {
    let sql = format!(
        "INSERT INTO {table} (name, content) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET content = excluded.content"
    );
    client.execute(&sql, &[&name, &content]).await.unwrap();
}

async fn token(client: &Client) -> ChangeToken {
    value::<String>(client, "SELECT changeover.change_token_v1()").await.parse().unwrap()
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_key_drops_that_key_alone_and_many_keys_all() {
    for major in [15, 17] {
        let database = Database::new(major).await;
        let instance = start(&database, Start::default()).await;
        let cache = instance.prices();
        let client = database.connect(SERVICE).await;
        for name in ["a", "b"] {
            set(&client, "prices", name, 1).await;
        }
        let written = token(&client).await;
        let at_least = async |name: &str, seen: ChangeToken| {
            *cache.get_at_least(&name.to_owned(), seen).await.unwrap()
        };
        assert_eq!(
            (at_least("a", written).await, at_least("b", written).await),
            (Some(1), Some(1))
        );
        // What was loaded while notes were on their way is loaded once more; after this it is quiet.
        let written = token(&client).await;
        at_least("a", written).await;
        at_least("b", written).await;
        let loads = instance.loads();
        set(&client, "prices", "a", 2).await;
        let written = token(&client).await;
        assert_eq!(at_least("a", written).await, Some(2));
        assert_eq!(instance.loads(), loads + 1);
        assert_eq!(at_least("b", written).await, Some(1));
        assert_eq!(instance.loads(), loads + 1);
        // A key that changes is two keys.
        client.batch_execute("UPDATE prices SET name = 'c' WHERE name = 'a'").await.unwrap();
        let written = token(&client).await;
        assert_eq!((at_least("a", written).await, at_least("c", written).await), (None, Some(2)));
        let many = "INSERT INTO prices SELECT 'x' || i, i FROM generate_series(1, 500) AS i";
        client.batch_execute(many).await.unwrap();
        let admin = database.connect("postgres").await;
        let notes =
            "SELECT count(*) FROM changeover.change_note WHERE source = 'prices' AND key = ''";
        assert_eq!(value::<i64>(&admin, notes).await, 1);
        let written = token(&client).await;
        assert_eq!(at_least("x7", written).await, Some(7));
        for statement in ["DELETE FROM prices WHERE name = 'x7'", "SET ROLE none"] {
            client.batch_execute(statement).await.unwrap();
        }
        let written = token(&client).await;
        assert_eq!(at_least("x7", written).await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn truncate_copy_and_partitions_are_seen() {
    for major in [15, 17] {
        let database = Database::new(major).await;
        let instance = start(&database, Start::default()).await;
        let parts = instance.whole("parts");
        let owner = database.connect(OWNER).await;
        let count = async || {
            let written = token(&owner).await;
            parts.get_at_least(&(), written).await.unwrap().len()
        };
        assert_eq!(count().await, 0);
        let sink = owner.copy_in("COPY parts (id, name, content) FROM STDIN").await.unwrap();
        let mut sink = std::pin::pin!(sink);
        sink.send(bytes::Bytes::from_static(b"1\ta\t1\n1001\tb\t2\n")).await.unwrap();
        sink.as_mut().finish().await.unwrap();
        assert_eq!(count().await, 2);
        for (statement, left) in [
            ("INSERT INTO parts_low VALUES (2, 'c', 3)", 3),
            ("UPDATE parts SET id = id + 1000 WHERE id = 2", 3),
            ("DELETE FROM parts_high WHERE name = 'c'", 2),
            ("TRUNCATE parts_low", 1),
            ("ALTER TABLE parts DETACH PARTITION parts_high", 0),
            ("ALTER TABLE parts ATTACH PARTITION parts_high FOR VALUES FROM (1000) TO (2000)", 1),
            ("TRUNCATE parts", 0),
        ] {
            owner.batch_execute(statement).await.unwrap();
            assert_eq!(count().await, left, "{statement}");
        }
        // A partition that is not watched is found out, and watched by the instance that owns.
        owner
            .batch_execute(
                "CREATE TABLE parts_top PARTITION OF parts FOR VALUES FROM (2000) TO (3000)",
            )
            .await
            .unwrap();
        until("the new partition is watched", async || {
            let written = token(&owner).await;
            parts.get_at_least(&(), written).await.is_ok()
        })
        .await;
        owner.batch_execute("INSERT INTO parts_top VALUES (2000, 'd', 4)").await.unwrap();
        assert_eq!(count().await, 1);
    }
}

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

static LOOKS: AtomicUsize = AtomicUsize::new(0);
