//! A constraint that rows break is not added: it would reject updates of these rows although nobody
//! touched what breaks it, and its validation would fail for good.

mod common;

use changeover::{Hook, PausePoint};
use common::{Database, OWNER, SERVICE, migrate, until, value};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const BASE: (&str, &str) = (
    "0001_base.sql",
    "CREATE TABLE people (id bigint PRIMARY KEY);
     INSERT INTO people SELECT generate_series(1, 50);
     CREATE TABLE task (id bigint PRIMARY KEY, owner_id bigint, note text);
     INSERT INTO task SELECT g, CASE WHEN g % 100 = 0 THEN NULL ELSE 1 + g % 60 END, 'n'
       FROM generate_series(1, 1000) g;",
);

/// What is tightened, how many rows break it and the first key, what mends them, and what breaks it again.
const CASES: [(&str, &str, &str, &str); 3] = [
    (
        "ALTER TABLE task ALTER COLUMN owner_id SET NOT NULL",
        "10 rows of task break task_owner_id_not_null_check",
        "UPDATE task SET owner_id = 1 WHERE owner_id IS NULL",
        "UPDATE task SET owner_id = NULL WHERE id = 5",
    ),
    (
        "ALTER TABLE task ADD CONSTRAINT odd CHECK (owner_id <> 7)",
        "rows of task break odd",
        "UPDATE task SET owner_id = 8 WHERE owner_id = 7",
        "UPDATE task SET owner_id = 7 WHERE id = 5",
    ),
    (
        "ALTER TABLE task ADD CONSTRAINT somebody FOREIGN KEY (owner_id) REFERENCES people",
        "rows of task break somebody",
        "UPDATE task SET owner_id = 1 WHERE owner_id > 50",
        "UPDATE task SET owner_id = 51 WHERE id = 5",
    ),
];

/// The constraints that a case adds.
const ADDED: &str = "SELECT count(*) FROM pg_constraint
      WHERE conrelid = 'task'::regclass AND contype IN ('c', 'f')";

fn tighter(statement: &str) -> String {
    format!("-- changeover: old-complies because \"it does\"\n{statement};")
}

#[tokio::test]
async fn a_constraint_that_rows_break_is_not_added() {
    for (statement, wanted, mend, _) in CASES {
        let database = Database::new(17).await;
        let mut options = database.options("1", &[BASE]);
        options.fresh = true;
        migrate(options).await.unwrap();
        let text = tighter(statement);
        let files = [BASE, ("0002_tighter.sql", text.as_str())];
        let outlook = migrate(database.options("2", &files)).await.unwrap();
        assert_eq!(outlook.failed.len(), 1, "{statement}: {outlook:?}");

        let owner = database.connect(OWNER).await;
        let error: String = value(
            &owner,
            "SELECT string_agg(error, ' ') FROM changeover.step WHERE state = 'failed'",
        )
        .await;
        assert!(error.contains(wanted), "{statement}: {error}");
        assert!(error.contains("e.g. those with the keys "), "{statement}: {error}");
        assert_eq!(value::<i64>(&owner, ADDED).await, 0, "{statement} left a constraint behind");
        // The older release goes on writing the rows that break it.
        let service = database.connect(SERVICE).await;
        service.execute("UPDATE task SET note = 'seen'", &[]).await.unwrap();

        owner.batch_execute(mend).await.unwrap();
        let outlook = migrate(database.options("2", &files)).await.unwrap();
        assert!(outlook.failed.is_empty(), "{statement}: {outlook:?}");
    }
}

/// An older release breaks it after the look and before the constraint stands.
#[tokio::test]
async fn rows_that_come_between_look_and_validation_take_it_back() {
    for (statement, _, mend, breaks) in CASES {
        let database = Database::new(17).await;
        let mut options = database.options("1", &[BASE]);
        options.fresh = true;
        migrate(options).await.unwrap();
        let (owner, admin) = (database.connect(OWNER).await, database.connect("postgres").await);
        owner.batch_execute(mend).await.unwrap();

        // A writer that is under way lets the look pass and holds the lock up.
        let service = database.connect(SERVICE).await;
        service.batch_execute("BEGIN; UPDATE task SET note = 'w' WHERE id = 1").await.unwrap();
        let text = tighter(statement);
        let files = [BASE, ("0002_tighter.sql", text.as_str())];
        let running = tokio::spawn(migrate(database.options("2", &files)));
        until("the constraint's locks are asked for", || async {
            let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                          AND query LIKE '%LOCK TABLE%' AND application_name LIKE 'changeover@2%'";
            value::<i64>(&admin, sql).await > 0
        })
        .await;
        service.batch_execute(&format!("{breaks}; COMMIT")).await.unwrap();

        let outlook = running.await.unwrap().unwrap();
        assert_eq!(outlook.failed.len(), 2, "{statement}: {outlook:?}");
        let states = "SELECT string_agg(kind || ' ' || state, ', ' ORDER BY position) \
                        FROM changeover.step WHERE plan_id = (SELECT max(id) FROM changeover.plan) \
                         AND position < 2";
        let states: String = value(&owner, states).await;
        assert_eq!(states, "ddl pending, constraint_validate failed", "{statement}");
        let error: String =
            value(&owner, "SELECT error FROM changeover.step WHERE state = 'failed'").await;
        assert!(error.contains("1 rows of task break"), "{statement}: {error}");
        assert!(error.contains("the keys 5"), "{statement}: {error}");
        assert_eq!(value::<i64>(&owner, ADDED).await, 0, "{statement} stayed");
        service.execute("UPDATE task SET note = 'seen'", &[]).await.unwrap();

        owner.batch_execute(mend).await.unwrap();
        let outlook = migrate(database.options("2", &files)).await.unwrap();
        assert!(outlook.failed.is_empty(), "{statement}: {outlook:?}");
        let open = "SELECT count(*) FROM changeover.step WHERE state <> 'done'";
        assert_eq!(value::<i64>(&owner, open).await, 0, "{statement}");
    }
}

/// That old rows may break it, the author has said: it stays when its validation fails.
#[tokio::test]
async fn what_the_author_adds_as_not_valid_stays() {
    let database = Database::new(17).await;
    let mut options = database.options("1", &[BASE]);
    options.fresh = true;
    migrate(options).await.unwrap();
    let text = tighter(
        "ALTER TABLE task ADD CONSTRAINT odd CHECK (owner_id <> 7) NOT VALID;
         ALTER TABLE task VALIDATE CONSTRAINT odd",
    );
    let files = [BASE, ("0002_tighter.sql", text.as_str())];
    let outlook = migrate(database.options("2", &files)).await.unwrap();
    assert_eq!(outlook.failed.len(), 1, "{outlook:?}");
    let owner = database.connect(OWNER).await;
    assert_eq!(value::<i64>(&owner, ADDED).await, 1);
}

/// A look may take as long as a validation: it shows as running, and a stop ends it on the server.
#[tokio::test]
async fn a_look_is_seen_to_run_and_ends_at_a_stop() {
    let database = Database::new(17).await;
    let mut options = database.options("1", &[BASE]);
    options.fresh = true;
    migrate(options).await.unwrap();
    let (statement, _, mend, _) = CASES[1];
    let (owner, admin) = (database.connect(OWNER).await, database.connect("postgres").await);
    owner.batch_execute(mend).await.unwrap();

    let blocker = Arc::new(database.connect(OWNER).await);
    let text = tighter(statement);
    let files = [BASE, ("0002_tighter.sql", text.as_str())];
    let mut options = database.options("2", &files);
    let locking = Arc::clone(&blocker);
    options.hook = Hook::new(move |pause| {
        let blocker = Arc::clone(&locking);
        async move {
            if pause.point == PausePoint::PlanRecorded {
                let lock = "BEGIN; LOCK TABLE task IN ACCESS EXCLUSIVE MODE";
                blocker.batch_execute(lock).await.unwrap();
            }
        }
    });
    let stop = CancellationToken::new();
    let running = tokio::spawn(changeover::operate::migrate(options, stop.clone()));
    let looking = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                      AND query LIKE '%IS FALSE%' AND wait_event_type = 'Lock'";
    until("it looks", || async { value::<i64>(&admin, looking).await == 1 }).await;
    let state = "SELECT state FROM changeover.step WHERE kind = 'ddl'";
    assert_eq!(value::<String>(&owner, state).await, "running");

    stop.cancel();
    let outcome = running.await.unwrap();
    assert!(matches!(outcome, Err(changeover::Error::Stopped)), "{outcome:?}");
    assert_eq!(value::<i64>(&admin, looking).await, 0, "it looks on");
    blocker.batch_execute("ROLLBACK").await.unwrap();
    let outlook = migrate(database.options("2", &files)).await.unwrap();
    assert!(outlook.failed.is_empty(), "{outlook:?}");
}
