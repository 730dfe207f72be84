//! `changeover status`.

use crate::project::{DROP_LEGACY, Project, TOTAL, filters};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};

/// An instance of an older release, as a service of that release would register it.
const OLD_INSTANCE: &str = "
    INSERT INTO changeover.instance (id, app, release, head, state, host, pid, ttl_ms)
    VALUES (gen_random_uuid(), 'default', '4.8', 1, 'serving', 'node-1', 17, 60000)";

#[tokio::test]
async fn one_look_shows_all() {
    let _filters = filters();
    let project = Project::with_orders(10).await;
    project.sql(OLD_INSTANCE).await;
    let project = project.file("0002_total.sql", TOTAL).file("0003_drop.sql", DROP_LEGACY);
    let ran = project.run(&["migrate"]).await;
    insta::assert_snapshot!(ran.stdout, @r"
    5 steps done: default is at migration 3.
    2 steps wait for older releases to go:
      floor 2  0002.2.sync_drop  remove the trigger that kept orders.total right
      floor 3  0003.1.drop_column  drop column orders.legacy
      what to do: once no release below 3 will come back:
        `changeover finalize --to 3`, then `changeover migrate`. Until then, going
        back is possible.
    ");
    let ran = project.run(&["status"]).await;
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    insta::assert_snapshot!(ran.all(), @r"
    default  head 3, floor 1, 3 migrations
    nobody migrates now (the last term was [n])

    Instances
      release        head             state     heartbeat     process
      4.8            1                serving   [heartbeat] 17 on node-1

    Steps  6 of 8 done
      expand
      ✓ 0001.0.script  run 0001_orders.sql [took]
      ✓ 0002.1.add_column  add column orders.total [took]
      ✓ 0002.2.sync  keep orders.total right for every writer [took]
      online
      ✓ 0002.2.backfill  backfill orders.total [took]
      ✓ 0002.2.check  check that no row of orders.total differs [took]
      ✓ 0002.3.index  build index orders_total on orders [took]
      contract
      · 0002.2.sync_drop  remove the trigger that kept orders.to…  waits for floor 2
      · 0003.1.drop_column  drop column orders.legacy              waits for floor 3
    --- stderr
    --- exit 0
    ");
}

#[tokio::test]
async fn the_status_is_data() {
    let project = Project::with_orders(10).await.file("0002_total.sql", TOTAL);
    project.run(&["migrate"]).await.ok();
    let status = project.run(&["status", "--json"]).await.ok().json();
    insta::assert_json_snapshot!(status, {
        ".at" => "[time]",
        ".term.epoch" => "[epoch]",
        ".events" => "[events]",
        ".control" => "[control]",
        ".pace" => "[pace]",
        ".steps" => "[steps]",
    }, @r#"
    {
      "app": "default",
      "at": "[time]",
      "control": "[control]",
      "events": "[events]",
      "floor": 1,
      "head": 2,
      "instances": [],
      "migrations": 2,
      "pace": "[pace]",
      "parked_rows": 0,
      "refused": [],
      "steps": "[steps]",
      "term": {
        "epoch": "[epoch]",
        "expires_in_ms": null,
        "held": false,
        "holder": null,
        "release": "changeover-0.1.0"
      },
      "workers": []
    }
    "#);
    let backfill = &status["steps"][3];
    insta::assert_json_snapshot!(backfill, {
        ".started_at" => "[time]",
        ".finished_at" => "[time]",
        ".progress.seconds" => "[seconds]",
        ".progress.batches" => "[batches]",
    }, @r#"
    {
      "attempts": 1,
      "before_serving": false,
      "error": null,
      "finished_at": "[time]",
      "floor": null,
      "id": "0002.2.backfill",
      "kind": "backfill",
      "migration": 2,
      "phase": "online",
      "progress": {
        "batches": "[batches]",
        "done": 10,
        "seconds": "[seconds]",
        "total": 10,
        "written": 10
      },
      "reason": "rows that are there are filled by key ranges in short batches; readers and writers go on",
      "requires": [
        "owner"
      ],
      "started_at": "[time]",
      "state": "done",
      "title": "backfill orders.total"
    }
    "#);
    assert_eq!(status["events"][0]["kind"], "plan_recorded");
}

#[tokio::test]
async fn watching_in_a_pipe_appends_what_changes() {
    let project = Project::with_orders(10).await;
    let mut child = project.spawn(&["status", "--watch"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await.unwrap();
    assert_eq!(first.unwrap().as_deref(), Some("default  head 1, floor 1, 1 migration"));
    let project = project.file("0002_total.sql", TOTAL);
    project.run(&["migrate"]).await.ok();
    let done = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("✓ 0002.3.index  done  build index orders_total on orders") {
                return;
            }
        }
        panic!("the index was not told");
    };
    tokio::time::timeout(Duration::from_secs(30), done).await.unwrap();
    // Nobody reads any more: it ends by itself, quietly.
    drop(lines);
    project.sql("UPDATE changeover.step SET state = 'pending' WHERE id = '0002.3.index'").await;
    project.sql("UPDATE changeover.step SET state = 'done' WHERE id = '0001.0.script'").await;
    project.file("0003_drop.sql", DROP_LEGACY).run(&["migrate"]).await.ok();
    let ran = crate::project::ended(child).await;
    assert_eq!((ran.exit_code, ran.stderr.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn without_a_ledger_it_says_what_to_do() {
    let _filters = filters();
    let project = Project::new().await;
    insta::assert_snapshot!(project.run(&["status"]).await.all(), @r"
    --- stderr
    error: the database has no ledger of Changeover
      what to do: run `changeover migrate` (new database) or `changeover adopt` (existing one) as the role that owns the tables
    --- exit 9
    ");
    insta::assert_snapshot!(project.run(&["status", "--json"]).await.all(), @r#"
    {
      "error": "the database has no ledger of Changeover",
      "exit_code": 9,
      "remedy": "run `changeover migrate` (new database) or `changeover adopt` (existing one) as the role that owns the tables"
    }
    --- stderr
    --- exit 9
    "#);
}
