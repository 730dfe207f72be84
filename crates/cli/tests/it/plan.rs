//! `changeover plan`.

use crate::project::{DROP_LEGACY, Project, TOTAL, filters};
use serde_json::Value;

/// What no planner can do while others write.
const REFUSED: &str = "\
-- What no planner can do while others write.
ALTER TABLE orders ADD COLUMN note text;
ALTER TABLE orders
    ALTER COLUMN payload TYPE text;
UPDATE orders SET note = other.payload::text FROM orders other
WHERE other.id = orders.id + 1;
";

#[tokio::test]
async fn every_phase_is_shown_with_locks_and_reasons() {
    let _filters = filters();
    let project = Project::with_orders(10)
        .await
        .file("0002_total.sql", TOTAL)
        .file("0003_drop_legacy.sql", DROP_LEGACY);
    let ran = project.run(&["plan"]).await;
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    insta::assert_snapshot!(ran.all(), @r"
    Plan for default: 2 migrations, from 1 to 3

    expand    before the new release serves; short, and only adds or loosens

      0002.1.add_column  add column orders.total
          file   0002_total.sql:1
          lock   ACCESS EXCLUSIVE on orders, for milliseconds: blocks reads and
                 writes
          why    a nullable column is a catalog change: no row is touched

      0002.2.sync  keep orders.total right for every writer
          file   0002_total.sql:2
          lock   SHARE ROW EXCLUSIVE on orders, for milliseconds: blocks writes
          after  0002.1.add_column
          why    releases that do not know the column go on writing rows: the
                 trigger computes it for them, and it must be there before the
                 backfill reads its first row

    online    in the background, while old and new release serve

      0002.2.backfill  backfill orders.total
          file   0002_total.sql:2
          lock   ROW EXCLUSIVE on orders, for one batch at a time: blocks nothing
          after  0002.1.add_column, 0002.2.sync
          why    rows that are there are filled by key ranges in short batches;
                 readers and writers go on

      0002.2.check  check that no row of orders.total differs
          file   0002_total.sql:2
          lock   ACCESS SHARE on orders, for one batch at a time: blocks nothing
          after  0002.2.backfill
          why    what reads or constrains the column relies on every row being right

      0002.3.index  build index orders_total on orders
          file   0002_total.sql:3
          lock   SHARE UPDATE EXCLUSIVE on orders, for the whole step: blocks other
                 DDL and vacuum
          after  0002.1.add_column
          why    built concurrently: it takes as long as it takes, and blocks
                 neither reads nor writes

    contract  once no older release that needs it lives or may come back

      0002.2.sync_drop  remove the trigger that kept orders.total right
          file   0002_total.sql:2
          lock   ACCESS EXCLUSIVE on orders, for milliseconds: blocks reads and
                 writes
          after  0002.2.check, 0002.2.sync
          gate   the floor must be 2: no release below may live or come back
          why    once no older release writes any more, the new release writes the
                 column itself

      0003.1.drop_column  drop column orders.legacy
          file   0003_drop_legacy.sql:1
          lock   ACCESS EXCLUSIVE on orders, for milliseconds: blocks reads and
                 writes
          gate   the floor must be 3: no release below may live or come back
          why    older releases read and write the column

    7 steps: 2 expand, 3 online, 2 contract. 4 of them block reads or writes, for
    milliseconds each.
    --- stderr
    --- exit 0
    ");
}

#[tokio::test]
async fn a_fresh_database_is_migrated_at_once() {
    let _filters = filters();
    let project = Project::new().await.file("0001_orders.sql", crate::project::ORDERS);
    insta::assert_snapshot!(project.run(&["plan"]).await.all(), @r"
    Plan for default: 1 migration, from an empty ledger to 1

    at once   each file as it is written: nobody serves

      0001.0.script  run 0001_orders.sql
          file   0001_orders.sql:1
          why    nobody serves from this database, so the file runs as it is written

    1 step. Nobody may use the tables meanwhile.
    --- stderr
    --- exit 0
    ");
    project.run(&["migrate"]).await.ok();
    insta::assert_snapshot!(project.run(&["plan"]).await.all(), @r"
    Nothing to do: default is at migration 1.
    --- stderr
    --- exit 0
    ");
}

#[tokio::test]
async fn the_plan_is_data() {
    let project = Project::with_orders(1).await.file("0002_total.sql", TOTAL);
    let ran = project.run(&["plan", "--json", "--out", "plan.json"]).await.ok();
    let plan = ran.json();
    assert_eq!(plan["app"], "default");
    assert_eq!(plan["steps"][0]["id"], "0002.1.add_column");
    let file = std::fs::read_to_string(project.path().join("plan.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&file).unwrap(), plan);
    // Planning changes nothing, and says the same again.
    assert_eq!(project.run(&["plan", "--json"]).await.ok().json(), plan);
}

#[tokio::test]
async fn refused_statements_are_shown_as_a_compiler_would() {
    let _filters = filters();
    let project = Project::with_orders(1).await.file("0002_refused.sql", REFUSED);
    let ran = project.run(&["plan"]).await;
    assert_eq!(ran.exit_code, Some(3));
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    insta::assert_snapshot!(ran.all(), @r"
    Plan for default: 1 migration, from 1 to 2

    expand    before the new release serves; short, and only adds or loosens

      0002.1.add_column  add column orders.note
          file   0002_refused.sql:2
          lock   ACCESS EXCLUSIVE on orders, for milliseconds: blocks reads and
                 writes
          why    a nullable column is a catalog change: no row is touched

    refused[rewrites-table]: orders.payload from jsonb to text rewrites the whole
      table under a lock
      --> migrations/0002_refused.sql:3
       |
     3 | ALTER TABLE orders
     4 |     ALTER COLUMN payload TYPE text;
       |
       = instead: write: ALTER TABLE … ADD COLUMN payload_new text; UPDATE … SET
         payload_new = payload; let the new release use it, and drop the old column
         in a later migration

    refused[update-joins]: an UPDATE with FROM reads more than its own rows
      --> migrations/0002_refused.sql:5
       |
     5 | UPDATE orders SET note = other.payload::text FROM orders other
     6 | WHERE other.id = orders.id + 1;
       |
       = instead: joins come with a later release of Changeover; for now let the new
         release write the value into the row, or copy what is needed into a column
         of this table first

    1 step: 1 expand; 2 statements are refused. No step runs until every refused
    statement is rewritten.
    --- stderr
    --- exit 3
    ");
}

#[tokio::test]
async fn with_a_refused_statement_nothing_is_run() {
    let _filters = filters();
    let project = Project::with_orders(1).await.file("0002_refused.sql", REFUSED);
    let ran = project.run(&["migrate"]).await;
    insta::assert_snapshot!(ran.all(), @r"
    --- stderr
    refused[rewrites-table]: orders.payload from jsonb to text rewrites the whole
      table under a lock
      --> migrations/0002_refused.sql:3
       |
     3 | ALTER TABLE orders
     4 |     ALTER COLUMN payload TYPE text;
       |
       = instead: write: ALTER TABLE … ADD COLUMN payload_new text; UPDATE … SET
         payload_new = payload; let the new release use it, and drop the old column
         in a later migration

    refused[update-joins]: an UPDATE with FROM reads more than its own rows
      --> migrations/0002_refused.sql:5
       |
     5 | UPDATE orders SET note = other.payload::text FROM orders other
     6 | WHERE other.id = orders.id + 1;
       |
       = instead: joins come with a later release of Changeover; for now let the new
         release write the value into the row, or copy what is needed into a column
         of this table first

    error: 2 statements are refused
      what to do: rewrite each of them as its message says, then run `changeover plan` again; `changeover rules RULE` explains a rule; the database was not changed
    --- exit 3
    ");
    let error = project.run(&["migrate", "--json"]).await;
    assert_eq!(error.exit_code, Some(3));
    assert_eq!(error.json()["exit_code"], 3);
    assert_eq!(error.json()["refusals"][0]["file"], "0002_refused.sql");
}
