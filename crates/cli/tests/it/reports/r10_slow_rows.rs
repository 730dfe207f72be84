//! The first batch had 500 rows and was never made smaller: where it took longer than its limit, the
//! backfill failed for good.
//!
//! A batch that runs into its limit is done by halves, down to one row; one row that takes longer alone
//! ends the step with the words that lead on.

use super::stage::{OWNER, SERVICE, Stage};

/// The rows are slow to compute, each as slow as `ms` says.
const SLOW: &str = "
    CREATE TABLE blob (id bigserial PRIMARY KEY, ms int NOT NULL);
    CREATE FUNCTION slow(ms int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(ms / 1000.0); RETURN ms; END $$;";
const FILL: &str = "ALTER TABLE blob ADD COLUMN n int; UPDATE blob SET n = slow(ms);";

#[tokio::test]
async fn a_batch_that_takes_too_long_is_halved() {
    // 500 of them take twice as long as a statement may.
    let stage = Stage::adopted(&format!(
        "{SLOW} INSERT INTO blob (ms) SELECT 4 FROM generate_series(1, 550);"
    ))
    .await;
    stage.expand(FILL).await;
    assert_eq!(stage.value(OWNER, "SELECT count(*), count(n) FROM blob").await, "550|550");
}

#[tokio::test]
async fn rows_that_are_slow_to_read_are_filled() {
    let stage = Stage::adopted(
        "CREATE TABLE blob (id bigserial PRIMARY KEY, j jsonb);
         INSERT INTO blob (j)
           SELECT jsonb_build_object('n', g, 'pad', repeat('lorem ipsum ', 500000))
             FROM generate_series(1, 40) g;",
    )
    .await;
    // A tenth of the usual time makes a tenth of the data as slow.
    stage.second("ALTER TABLE blob ADD COLUMN n int; UPDATE blob SET n = (j ->> 'n')::int;");
    stage.run(&["migrate", "--service-role", SERVICE, "--batch-ms", "5"]).await.ok();
    assert_eq!(stage.value(OWNER, "SELECT count(*), count(n) FROM blob").await, "40|40");
}

#[tokio::test]
async fn one_row_that_takes_too_long_says_what_helps() {
    let stage = Stage::adopted(&format!(
        "{SLOW} INSERT INTO blob (ms) SELECT CASE WHEN g = 7 THEN 1500 ELSE 0 END
           FROM generate_series(1, 10) g;"
    ))
    .await;
    stage.second(FILL);
    let short = ["migrate", "--service-role", SERVICE, "--batch-ms", "10", "--tries", "1"];
    let ran = stage.run(&short).await;
    assert_ne!(ran.exit_code, Some(0), "{}", ran.all());
    for said in ["the row of public.blob with the key 7", "1000 ms", "--batch-ms"] {
        assert!(ran.all().contains(said), "{said} is not said: {}", ran.all());
    }
    // Longer, as it says.
    stage.run(&["migrate", "--service-role", SERVICE, "--batch-ms", "200"]).await.ok();
    assert_eq!(stage.value(OWNER, "SELECT count(*), count(n) FROM blob").await, "10|10");
}
