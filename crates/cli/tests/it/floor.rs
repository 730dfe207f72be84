//! `changeover adopt` and `changeover finalize`.

use crate::project::{DROP_LEGACY, ORDERS, Project, filters};

#[tokio::test]
async fn an_existing_database_is_taken_over() {
    let _filters = filters();
    let project = Project::new()
        .await
        .file("0001_orders.sql", ORDERS)
        .file("0002_drop_legacy.sql", DROP_LEGACY);
    project.sql(ORDERS).await;
    insta::assert_snapshot!(project.run(&["adopt", "--at", "7"]).await.all(), @r"
    --- stderr
    error: no migration has the number 7
    --- exit 2
    ");
    insta::assert_snapshot!(project.run(&["adopt", "--at", "1"]).await.all(), @r"
    1 migration entered as applied for default, up to 1; nothing was run.
    Next: `changeover plan` shows what comes after it.
    --- stderr
    --- exit 0
    ");
    insta::assert_snapshot!(project.run(&["adopt", "--at", "1"]).await.all(), @r"
    --- stderr
    error: application default is in the ledger already, up to migration 1
    --- exit 2
    ");
    let plan = project.run(&["plan", "--json"]).await.ok().json();
    assert_eq!(plan["from_head"], 1);
    assert_eq!(plan["steps"][0]["id"], "0002.1.drop_column");
}

#[tokio::test]
async fn the_floor_is_raised_after_saying_what_that_means() {
    let _filters = filters();
    let project = Project::with_orders(1).await.file("0002_drop_legacy.sql", DROP_LEGACY);
    project.run(&["migrate"]).await.ok();
    // Nobody can be asked in a pipe.
    insta::assert_snapshot!(project.run(&["finalize", "--to", "2"]).await.all(), @r"
    Raising the floor of default from 1 to 2
      - Releases that know fewer migrations than 2 can no longer start, and their
        open sessions are ended. Going back to them is no longer possible.
      - 1 step may run then:
          0002.1.drop_column  drop column orders.legacy
      - This cannot be undone.
    --- stderr
    error: nobody can be asked whether the floor may be raised: this is no terminal
      what to do: add --yes where this is what you want
    --- exit 2
    ");
    insta::assert_snapshot!(project.run(&["finalize", "--to", "9", "--yes"]).await.all(), @r"
    --- stderr
    error: the folder knows no migration 9: its last one is 2
      what to do: run this with the migrations of the release that stays
    --- exit 2
    ");
    project
        .sql(
            "INSERT INTO changeover.instance (id, app, release, head, state, host, pid, ttl_ms)
             VALUES (gen_random_uuid(), 'default', '4.8', 1, 'serving', 'node-1', 17, 60000)",
        )
        .await;
    insta::assert_snapshot!(project.run(&["finalize", "--to", "2", "--yes"]).await.all(), @r"
    Raising the floor of default from 1 to 2
      - Releases that know fewer migrations than 2 can no longer start, and their
        open sessions are ended. Going back to them is no longer possible.
      - 1 step may run then:
          0002.1.drop_column  drop column orders.legacy
      - In the way: release 4.8 (head 1) is serving as process 17 on node-1
      - This cannot be undone.
    --- stderr
    error: the floor cannot be raised to 2: alive below it: 4.8 (head 1, serving, pid 17 on node-1)
      what to do: stop or upgrade these instances, then try again
    --- exit 8
    ");
    project.sql("UPDATE changeover.instance SET left_at = clock_timestamp()").await;
    let told = ["finalize", "--to", "2", "--yes", "--vouch", "4.8 is gone", "--json"];
    insta::assert_json_snapshot!(project.run(&told).await.ok().json(), @r#"
    {
      "app": "default",
      "floor": 2,
      "floor_before": 1,
      "may_run_now": [
        "0002.1.drop_column"
      ]
    }
    "#);
    insta::assert_snapshot!(project.run(&["finalize", "--to", "2", "--yes"]).await.all(), @r"
    Nothing to do: the floor of default is 2 already.
    --- stderr
    --- exit 0
    ");
    let status = project.run(&["status", "--json"]).await.ok().stdout;
    assert!(status.contains("vouched for: 4.8 is gone"), "{status}");
    let ended = project.run(&["migrate", "--json"]).await.ok().json();
    assert_eq!(ended["done"], serde_json::json!(["0002.1.drop_column"]));
}
