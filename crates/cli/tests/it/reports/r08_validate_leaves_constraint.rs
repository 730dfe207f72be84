//! A NOT VALID constraint was added before anybody looked; its validation failed, and it stayed and
//! rejected the older release's updates of rows that nobody had touched otherwise.
//!
//! Rows are counted and named first, and nothing is left behind.

use super::stage::{OWNER, SERVICE, Stage};

const TASK: &str = "
    CREATE TABLE person (id bigint PRIMARY KEY);
    INSERT INTO person SELECT generate_series(1, 950);
    CREATE TABLE task (id bigserial PRIMARY KEY, owner_id bigint, note text, code text);
    INSERT INTO task (owner_id, code)
      SELECT CASE WHEN g % 10 = 0 THEN NULL ELSE g END, 'c' || g % 998 FROM generate_series(1, 1000) g;";

/// What is tightened, what is said of the rows that break it, and what mends them.
const CASES: [(&str, &[&str], &str); 4] = [
    (
        "ALTER TABLE task ALTER COLUMN owner_id SET NOT NULL",
        &["100 rows of task", "10; 20; 30"],
        "UPDATE task SET owner_id = 1 WHERE owner_id IS NULL",
    ),
    (
        "ALTER TABLE task ADD CONSTRAINT low CHECK (owner_id < 996)",
        &["4 rows of task break low", "996; 997; 998"],
        "UPDATE task SET owner_id = 1 WHERE owner_id >= 996",
    ),
    (
        "ALTER TABLE task ADD CONSTRAINT somebody FOREIGN KEY (owner_id) REFERENCES person",
        &["45 rows of task break somebody", "951; 952; 953"],
        "UPDATE task SET owner_id = 1 WHERE owner_id > 950",
    ),
    ("CREATE UNIQUE INDEX task_code ON task (code)", &["task_code"], "UPDATE task SET code = id"),
];

/// Constraints and indexes of the table, but its key.
const LEFT: &str = "
    SELECT (SELECT count(*) FROM pg_constraint WHERE conrelid = 'task'::regclass AND contype NOT IN ('p', 'n'))
         + (SELECT count(*) FROM pg_index WHERE indrelid = 'task'::regclass AND NOT indisprimary)
         + (SELECT count(*) FROM pg_attribute WHERE attrelid = 'task'::regclass AND attnotnull AND attnum > 0) - 1";

#[tokio::test]
async fn in_the_contract_nothing_is_left_behind() {
    for (statement, said, mend) in CASES {
        let stage = Stage::adopted(TASK).await;
        stage.expand(&format!("{statement};")).await;
        fails_and_is_mended(&stage, true, (statement, said, mend)).await;
    }
}

#[tokio::test]
async fn while_an_older_release_serves_nothing_is_left_behind() {
    for (statement, said, mend) in CASES {
        let stage = Stage::adopted(TASK).await;
        stage.second(&format!("-- changeover: old-complies because \"it does\"\n{statement};"));
        fails_and_is_mended(&stage, false, (statement, said, mend)).await;
    }
}

async fn fails_and_is_mended(stage: &Stage, contract: bool, case: (&str, &[&str], &str)) {
    let (statement, said, mend) = case;
    let ran = if contract { stage.contract().await } else { stage.migrate().await };
    assert!(ran.stderr.contains('✗'), "{statement}\n{}", ran.all());
    for said in said {
        assert!(ran.all().contains(said), "{said} is not said of {statement}\n{}", ran.all());
    }
    stage.sql(SERVICE, "UPDATE task SET note = 'seen'").await;
    assert_eq!(stage.value(OWNER, LEFT).await, "0", "{statement}");
    stage.sql(OWNER, mend).await;
    let ran = stage.migrate().await;
    assert!(!ran.stderr.contains('✗'), "{statement}\n{}", ran.all());
    if !contract {
        stage.contract().await.ok();
    }
    assert_eq!(stage.open_steps().await, "", "{statement}");
    assert_eq!(stage.value(OWNER, LEFT).await, "1", "{statement}");
}
