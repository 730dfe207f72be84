//! Going back: every step kind is done, undone, done again and finished, with an older release
//! writing throughout; what cannot be undone is refused with all reasons.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use changeover::{CancellationToken, Error, rollback::rollback};
use changeover_plan::StepId;
use common::{Database, OWNER, SERVICE, migrate, until, value};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio_postgres::Client;

/// The release before.
const OLD: &[(&str, &str)] = &[(
    "0001_base.sql",
    "CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
     CREATE TABLE orders (id bigint PRIMARY KEY, net int NOT NULL, legacy text DEFAULT 'x',
         CONSTRAINT net_positive CHECK (net > 0));
     CREATE TABLE flows (id bigint, k int, a text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
     CREATE TABLE flows_1 PARTITION OF flows FOR VALUES IN (1);
     CREATE TABLE flows_2 PARTITION OF flows FOR VALUES IN (2);
     INSERT INTO customers SELECT g, 'c' || g FROM generate_series(1, 200) g;
     INSERT INTO orders SELECT g, g FROM generate_series(1, 2000) g;
     INSERT INTO flows SELECT g, 1 + g % 2, 'a' || g FROM generate_series(1, 500) g;",
)];

/// Migrations with every step kind that a plan may have while older releases serve.
const NEW: &[(&str, &str)] = &[
    (
        "0002_new_objects.sql",
        "CREATE TYPE mood AS ENUM ('calm', 'angry');
         CREATE TABLE notes (id bigint PRIMARY KEY, order_id bigint REFERENCES orders, mood mood);
         CREATE INDEX notes_order ON notes (order_id);
         CREATE VIEW names AS SELECT id, name FROM customers;",
    ),
    (
        "0003_synced.sql",
        "ALTER TABLE orders ADD COLUMN gross int;
         UPDATE orders SET gross = net * 2;",
    ),
    (
        "0004_default.sql",
        "ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();",
    ),
    (
        "0005_loosened.sql",
        "ALTER TABLE orders DROP CONSTRAINT net_positive;
         ALTER TABLE orders ALTER COLUMN legacy SET DEFAULT 'y';",
    ),
    ("0006_index.sql", "CREATE INDEX orders_net ON orders (net);"),
    (
        "0007_parts.sql",
        "ALTER TABLE flows ADD COLUMN b text;
         UPDATE flows SET b = upper(a);
         CREATE INDEX flows_a ON flows (a);",
    ),
    (
        "0008_checked.sql",
        "-- changeover: old-complies because \"it always writes it\"
         ALTER TABLE customers ADD CHECK (name <> '');
         ALTER TABLE orders DROP COLUMN legacy;",
    ),
];

/// What must be as before: relations, columns, defaults, constraints, indexes, triggers, functions.
const PICTURE: &str = "SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
    SELECT 'relation ' || c.relname || ' ' || c.relkind::text FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'column ' || attrelid::regclass || '.' || attname || ' '
             || format_type(atttypid, atttypmod) || ' ' || attnotnull || ' '
             || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
      FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
      JOIN pg_class c ON c.oid = attrelid AND c.relkind IN ('r', 'p', 'v')
     WHERE c.relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' '
             || replace(pg_get_constraintdef(c.oid), ' NOT VALID', '')
      FROM pg_constraint c WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
    UNION ALL SELECT 'trigger ' || tgrelid::regclass || ' ' || tgname FROM pg_trigger
     WHERE NOT tgisinternal AND tgname LIKE 'zzzz%'
    UNION ALL SELECT 'function ' || proname FROM pg_proc
     WHERE pronamespace = 'changeover'::regnamespace AND proname LIKE '%.%'
    UNION ALL SELECT 'type ' || typname FROM pg_type
     WHERE typnamespace = 'public'::regnamespace AND typtype = 'e') AS t (line)";

/// The older release at work: inserts and updates, none of which may fail.
struct OldRelease {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl OldRelease {
    async fn start(database: &Database) -> Self {
        let client = database.connect(SERVICE).await;
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, count) = (stop.clone(), written.clone());
        let task = tokio::spawn(async move {
            let mut id: i64 = 1_000_000;
            while !stopped.load(Ordering::Relaxed) {
                id += 1;
                write(&client, id).await;
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { stop, written, task }
    }

    /// Waits for a write that was begun after this call.
    async fn writes_on(&self) {
        let before = self.written.load(Ordering::Relaxed);
        until("the older release writes on", || async {
            self.task.is_finished() || self.written.load(Ordering::Relaxed) > before + 1
        })
        .await;
    }

    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
    }
}

async fn write(client: &Client, id: i64) {
    client.execute("INSERT INTO orders (id, net) VALUES ($1, 7)", &[&id]).await.unwrap();
    client.execute("UPDATE orders SET net = 8 WHERE id = $1", &[&id]).await.unwrap();
    client.execute("INSERT INTO flows (id, k, a) VALUES ($1, 1, 'n')", &[&id]).await.unwrap();
}

fn both() -> Vec<(&'static str, &'static str)> {
    OLD.iter().chain(NEW).copied().collect()
}

async fn back(database: &Database, to: u64) -> Result<Vec<StepId>, Error> {
    let options = database.options("1", OLD);
    rollback(&options, to, CancellationToken::new()).await.map(|done| done.undone)
}

/// Does the upgrade up to and including a step, or all that nothing holds back.
async fn forward(database: &Database, files: &[(&str, &str)], stop_after: Option<&StepId>) {
    let mut options = database.options("2", files);
    options.stop_after = stop_after.cloned();
    if let Err(error) = migrate(options).await {
        panic!("{}", changeover::chain(&error));
    }
}

/// The steps of a migration that went through, in order: the first of each kind of change, or all
/// with `UNDO_ALL` set (some minutes).
async fn steps_to_try(owner: &Client, migration: i64, kinds: &mut BTreeSet<String>) -> Vec<StepId> {
    let rows = owner
        .query(
            "SELECT id, coalesce(step -> 'kind' -> 'changes' -> 0 ->> 'change', kind)
               FROM changeover.step WHERE migration = $1 AND state = 'done'
              ORDER BY finished_at, position",
            &[&migration],
        )
        .await
        .unwrap();
    rows.iter()
        .filter(|row| {
            std::env::var_os("UNDO_ALL").is_some() || kinds.insert(row.get::<_, String>(1))
        })
        .map(|row| row.get::<_, &str>(0).into())
        .collect()
}

/// Each step: done, undone, done, undone, then the whole upgrade; the older release writes on.
async fn every_step_goes_there_and_back(major: u16) {
    let database = Database::new(major).await;
    let mut options = database.options("1", OLD);
    options.fresh = true;
    migrate(options).await.unwrap();
    let owner = database.connect(OWNER).await;
    let old = OldRelease::start(&database).await;
    let (mut tried, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for (at, (_, _)) in NEW.iter().enumerate() {
        let (files, head) = (&both()[..at + 2], u64::try_from(at + 1).unwrap());
        let before: String = value(&owner, PICTURE).await;
        // The whole migration once: what is undone is planned again under the same ids.
        forward(&database, files, None).await;
        let steps = steps_to_try(&owner, i64::try_from(head + 1).unwrap(), &mut kinds).await;
        back(&database, head).await.unwrap();
        assert_eq!(before, value::<String>(&owner, PICTURE).await, "after {head} on {major}");
        for step in &steps {
            for _ in 0..2 {
                forward(&database, files, Some(step)).await;
                old.writes_on().await;
                back(&database, head).await.unwrap();
                let after: String = value(&owner, PICTURE).await;
                assert_eq!(before, after, "after {step} on {major}");
            }
            tried.insert(step.clone());
        }
        forward(&database, files, None).await;
    }
    old.end().await;
    assert!(tried.len() >= 12, "{tried:?}");
    let wrong: i64 = value(
        &owner,
        "SELECT (SELECT count(*) FROM orders WHERE gross IS DISTINCT FROM net * 2 OR token IS NULL)
              + (SELECT count(*) FROM flows WHERE b IS DISTINCT FROM upper(a))",
    )
    .await;
    assert_eq!(wrong, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_goes_there_and_back_on_15() {
    every_step_goes_there_and_back(15).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_goes_there_and_back_on_18() {
    every_step_goes_there_and_back(18).await;
}

#[tokio::test]
async fn an_upgrade_in_mid_backfill_goes_back() {
    let database = Database::new(17).await;
    let mut options = database.options("1", OLD);
    options.fresh = true;
    migrate(options).await.unwrap();
    let owner = database.connect(OWNER).await;
    let before: String = value(&owner, PICTURE).await;

    let mut options = database.options("2", &both()[..3]);
    (options.pace.batch_rows_first, options.pace.batch_rows_max) = (50, 50);
    let batches = Arc::new(AtomicU64::new(0));
    let stop = CancellationToken::new();
    let signal = stop.clone();
    options.hook = changeover::Hook::new(move |pause| {
        let (batches, signal) = (batches.clone(), signal.clone());
        async move {
            let in_backfill = pause.step.is_some_and(|step| step.as_str() == "0003.2.backfill");
            if in_backfill
                && pause.point == changeover::PausePoint::AfterBatch
                && batches.fetch_add(1, Ordering::Relaxed) == 3
            {
                signal.cancel();
            }
        }
    });
    let ended = changeover::operate::migrate(options, stop).await;
    assert!(matches!(ended, Err(Error::Stopped)), "{ended:?}");
    let filled: i64 = value(&owner, "SELECT count(gross) FROM orders").await;
    assert!(filled > 0 && filled < 2000, "{filled} rows are filled");

    let undone = back(&database, 1).await.unwrap();
    assert!(undone.contains(&StepId::from("0003.2.backfill")), "{undone:?}");
    assert_eq!(before, value::<String>(&owner, PICTURE).await);
    let head: i64 = value(&owner, "SELECT head FROM changeover.app WHERE app = 'shop'").await;
    assert_eq!(head, 1);
}

#[tokio::test]
async fn above_the_floor_and_beside_a_newer_instance_it_is_refused() {
    let database = Database::new(17).await;
    let mut options = database.options("1", OLD);
    options.fresh = true;
    migrate(options).await.unwrap();
    forward(&database, &both(), None).await;
    let owner = database.connect(OWNER).await;
    let before: String = value(&owner, PICTURE).await;

    let newer = changeover::Changeover::start(database.options("2", &both())).await.unwrap();
    newer.wait_until_servable().await.unwrap();
    let Err(Error::CannotRollBack { reasons, .. }) = back(&database, 1).await else {
        panic!("a newer instance lives")
    };
    assert!(reasons.iter().any(|reason| reason.contains("release 2 (head 8)")), "{reasons:?}");
    newer.leave().await.unwrap();

    changeover::operate::finalize(&database.options("2", &both()), 2, Some("t")).await.unwrap();
    let Err(Error::CannotRollBack { reasons, .. }) = back(&database, 1).await else {
        panic!("the floor is above")
    };
    assert!(reasons.iter().any(|reason| reason.contains("the floor is 2")), "{reasons:?}");
    assert_eq!(before, value::<String>(&owner, PICTURE).await, "nothing was changed");
}
