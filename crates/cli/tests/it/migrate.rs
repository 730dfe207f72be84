//! `changeover migrate`.

use crate::project::{DROP_LEGACY, ORDERS, Project, TOTAL, ended, filters};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};

#[tokio::test]
async fn in_a_pipe_there_is_a_line_for_each_change() {
    let _filters = filters();
    let project = Project::with_orders(1000)
        .await
        .file("0002_total.sql", TOTAL)
        .file("0003_drop_legacy.sql", DROP_LEGACY);
    let ran = project.run(&["migrate"]).await.ok();
    // Whether a short step is seen running is luck; that it is done must be told.
    let stderr: Vec<&str> =
        ran.stderr.lines().filter(|line| !line.contains("  begins  ")).collect();
    insta::assert_snapshot!(format!("{}\n--- stderr\n{}", ran.stdout, stderr.join("\n")), @r"
    5 steps done: default is at migration 3.
    2 steps wait for older releases to go:
      floor 2  0002.2.sync_drop  remove the trigger that kept orders.total right
      floor 3  0003.1.drop_column  drop column orders.legacy
      what to do: once no release below 3 will come back:
        `changeover finalize --to 3`, then `changeover migrate`. Until then, going
        back is possible.

    --- stderr
    [clock] · plan recorded: 7 steps up to migration 3
    [clock] ✓ 0002.1.add_column  done  add column orders.total  ([took])
    [clock] ✓ 0002.2.sync  done  keep orders.total right for every writer  ([took])
    [clock] ✓ 0002.2.backfill  done  backfill orders.total  ([took])
    [clock] ✓ 0002.2.check  done  check that no row of orders.total differs  ([took])
    [clock] ✓ 0002.3.index  done  build index orders_total on orders  ([took])
    ");
    insta::assert_snapshot!(project.run(&["migrate"]).await.all(), @r"
    Nothing can be done yet: default is at migration 3.
    2 steps wait for older releases to go:
      floor 2  0002.2.sync_drop  remove the trigger that kept orders.total right
      floor 3  0003.1.drop_column  drop column orders.legacy
      what to do: once no release below 3 will come back:
        `changeover finalize --to 3`, then `changeover migrate`. Until then, going
        back is possible.
    --- stderr
    --- exit 0
    ");
    let filled = project.client().await;
    let row = filled.query_one("SELECT count(*) FROM orders WHERE total = id", &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 1000);
}

#[tokio::test]
async fn json_is_one_object() {
    let project = Project::with_orders(10).await.file("0002_drop_legacy.sql", DROP_LEGACY);
    let ran = project.run(&["migrate", "--json"]).await.ok();
    insta::assert_json_snapshot!(ran.json(), @r#"
    {
      "app": "default",
      "database_newer": false,
      "done": [],
      "exit_code": 0,
      "failed": [],
      "floor": 1,
      "floor_blocked_by": null,
      "head": 2,
      "own_head": 2,
      "parked_rows": 0,
      "stopped_after": null,
      "waiting": [
        {
          "floor": 2,
          "step": "0002.1.drop_column",
          "title": "drop column orders.legacy"
        }
      ],
      "withheld": []
    }
    "#);
}

#[tokio::test]
async fn a_failed_step_is_told_with_its_reason() {
    let _filters = filters();
    let project = Project::with_orders(2)
        .await
        .file("0002_unique.sql", "CREATE UNIQUE INDEX orders_legacy ON orders (legacy);\n");
    project.sql("UPDATE orders SET legacy = 'the same'").await;
    project.run(&["migrate"]).await.ok();
    project.run(&["finalize", "--to", "2", "--yes"]).await.ok();
    let ran = project.run(&["migrate"]).await;
    insta::assert_snapshot!(ran.stdout, @r#"
    0 steps done: default is at migration 2.
    1 step has failed:
      ✗ 0002.1.index  build unique index orders_legacy on orders: step 0002.1.index
          (build unique index orders_legacy on orders) failed: running CREATE UNIQUE
          INDEX CONCURRENTLY "orders_legacy" ON "public"."orders" (legacy) failed:
          the server answered: could not create unique index "orders_legacy" [23505]
          (Key (legacy)=(the same) is duplicated.); what to do: rows with the same
          key exist: mend them, then start again; the invalid index was dropped
      what to do: mend the cause, then run `changeover migrate` again: it goes on
        with these steps
    "#);
    assert_eq!(ran.exit_code, Some(1));
    let status = project.run(&["status"]).await;
    insta::assert_snapshot!(status.all(), @r#"
    default  head 2, floor 2, 2 migrations
    nobody migrates now (the last term was [n])

    Instances
      none registered

    Steps  1 of 2 done
      expand
      ✓ 0001.0.script  run 0001_orders.sql [took]
      contract
      ✗ 0002.1.index  build unique index orders_legacy on orders  failed after 1 try
          error: step 0002.1.index (build unique index orders_legacy on orders)
            failed: running CREATE UNIQUE INDEX CONCURRENTLY "orders_legacy" ON
            "public"."orders" (legacy) failed: the server answered: could not create
            unique index "orders_legacy" [23505] (Key (legacy)=(the same) is
            duplicated.); what to do: rows with the same key exist: mend them, then
            start again; the invalid index was dropped
    --- stderr
    --- exit 1
    "#);
    // Mended, it goes on.
    project.sql("UPDATE orders SET legacy = id::text").await;
    project.run(&["migrate"]).await.ok();
    project.run(&["status"]).await.ok();
}

#[tokio::test]
async fn a_signal_stops_after_the_open_batch_and_the_next_start_goes_on() {
    let _filters = filters();
    let project = Project::with_orders(60_000).await.file("0002_total.sql", TOTAL);
    // Gently enough to be met in the middle.
    let mut child = project.spawn(&["migrate", "--batch-ms", "5", "--rest", "20"]);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut told = Vec::new();
    let begun = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            let begins = line.contains("0002.2.backfill  begins");
            told.push(line);
            if begins {
                return;
            }
        }
        panic!("the backfill was not seen: {told:?}");
    };
    tokio::time::timeout(Duration::from_secs(60), begun).await.unwrap();
    let pid = child.id().unwrap().to_string();
    let killed = tokio::process::Command::new("kill").args(["-TERM", &pid]).status().await;
    assert!(killed.unwrap().success());
    let ran = ended(child).await;
    let mut rest = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        rest.push(line);
    }
    assert_eq!(ran.exit_code, Some(130), "{rest:?}");
    insta::assert_snapshot!(rest.join("\n"), @r"
    Stopping after the open batch; Ctrl-C again ends at once.
    error: stopped on request
      what to do: run `changeover migrate` again: it goes on from the last committed batch
    ");
    let filled = || async {
        let row = "SELECT count(*) FROM orders WHERE total = id";
        project.client().await.query_one(row, &[]).await.unwrap().get::<_, i64>(0)
    };
    let before = filled().await;
    assert!(before < 60_000, "{before} rows were filled before it stopped");
    project.run(&["migrate", "--rest", "0"]).await.ok();
    assert_eq!(filled().await, 60_000);
}

#[tokio::test]
async fn at_once_runs_the_files_as_they_are_written() {
    let _filters = filters();
    let project = Project::with_orders(10).await.file("0002_drop_legacy.sql", DROP_LEGACY);
    let ran = project.run(&["migrate", "--at-once"]).await;
    insta::assert_snapshot!(ran.all(), @r"
    1 step done: default is at migration 2.
    --- stderr
    [clock] · plan recorded: 1 step up to migration 2
    [clock] ✓ 0002.0.script  done  run 0002_drop_legacy.sql  ([took])
    --- exit 0
    ");
}

#[tokio::test]
async fn settings_are_found_further_up() {
    let project = Project::new().await.file("0001_orders.sql", ORDERS);
    std::fs::rename(project.path().join("migrations"), project.path().join("db")).unwrap();
    let text = "app = \"shop\"\nmigrations = \"db\"\nservice_roles = []\n";
    std::fs::write(project.path().join("changeover.toml"), text).unwrap();
    let ended = project.run(&["migrate", "--json"]).await.ok().json();
    assert_eq!(ended["app"], "shop");
    assert_eq!(ended["done"], serde_json::json!(["0001.0.script"]));
    std::fs::write(project.path().join("changeover.toml"), "url = \"postgres://x\"\n").unwrap();
    let ran = project.run(&["plan"]).await;
    assert_eq!(ran.exit_code, Some(2));
    assert!(ran.stderr.contains("the connection string belongs into the environment"), "{ran:?}");
}
