//! A constraint that rows break is not added: it would reject updates of these rows although nobody
//! touched what breaks it, and its validation would fail for good.

mod common;

use common::{Database, OWNER, SERVICE, migrate, value};

const BASE: (&str, &str) = (
    "0001_base.sql",
    "CREATE TABLE people (id bigint PRIMARY KEY);
     INSERT INTO people SELECT generate_series(1, 50);
     CREATE TABLE task (id bigint PRIMARY KEY, owner_id bigint, note text);
     INSERT INTO task SELECT g, CASE WHEN g % 100 = 0 THEN NULL ELSE 1 + g % 60 END, 'n'
       FROM generate_series(1, 1000) g;",
);

/// What is tightened, how many rows break it and the first key, and what mends them.
const CASES: [(&str, &str, &str); 3] = [
    (
        "ALTER TABLE task ALTER COLUMN owner_id SET NOT NULL",
        "10 rows of task break task_owner_id_not_null_check",
        "UPDATE task SET owner_id = 1 WHERE owner_id IS NULL",
    ),
    (
        "ALTER TABLE task ADD CONSTRAINT odd CHECK (owner_id <> 7)",
        "rows of task break odd",
        "UPDATE task SET owner_id = 8 WHERE owner_id = 7",
    ),
    (
        "ALTER TABLE task ADD CONSTRAINT somebody FOREIGN KEY (owner_id) REFERENCES people",
        "rows of task break somebody",
        "UPDATE task SET owner_id = 1 WHERE owner_id > 50",
    ),
];

#[tokio::test]
async fn a_constraint_that_rows_break_is_not_added() {
    for (statement, wanted, mend) in CASES {
        let database = Database::new(17).await;
        let mut options = database.options("1", &[BASE]);
        options.fresh = true;
        migrate(options).await.unwrap();
        let text = format!("-- changeover: old-complies because \"it does\"\n{statement};");
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
        let left: i64 = value(
            &owner,
            "SELECT count(*) FROM pg_constraint
              WHERE conrelid = 'task'::regclass AND contype IN ('c', 'f')",
        )
        .await;
        assert_eq!(left, 0, "{statement} left a constraint behind");
        // The older release goes on writing the rows that break it.
        let service = database.connect(SERVICE).await;
        service.execute("UPDATE task SET note = 'seen'", &[]).await.unwrap();

        owner.batch_execute(mend).await.unwrap();
        let outlook = migrate(database.options("2", &files)).await.unwrap();
        assert!(outlook.failed.is_empty(), "{statement}: {outlook:?}");
    }
}
