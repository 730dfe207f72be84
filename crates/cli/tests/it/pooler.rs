//! A pooler before the server: what works through it, and what is refused and why.

use crate::project::{ORDERS, Project, filters};
use changeover_postgres::PoolMode;

#[tokio::test]
async fn migrate_with_a_pooled_url_says_why_not_and_what_to_set() {
    let _filters = filters();
    let project = Project::new().await.file("0001_orders.sql", ORDERS);
    let (_pooler, pooled) = project.pooled(PoolMode::Transaction).await;
    let ran = project.run(&["migrate", "--database-url", &pooled]).await;
    insta::assert_snapshot!(ran.all(), @r"
    --- stderr
    error: the owner's connection leads through a pooler that does not keep a session for each client: two open connections had the same backend [pid]; settings, locks, the backend that a successor may have to end, and concurrent index builds need a session of the server that is ours alone
      what to do: give the server's own address, past the pooler (a pooler in session mode will do): CHANGEOVER_OWNER_URL or --database-url for `changeover`, `Options::owner_url` for a service that embeds the library; only the service's own connection (`Options::service_url`) may be pooled. Nothing was changed
    --- exit 10
    ");
    let ran = project.run(&["migrate", "--json", "--database-url", &pooled]).await;
    insta::assert_snapshot!(ran.all(), @r#"
    {
      "error": "the owner's connection leads through a pooler that does not keep a session for each client: two open connections had the same backend [pid]; settings, locks, the backend that a successor may have to end, and concurrent index builds need a session of the server that is ours alone",
      "exit_code": 10,
      "remedy": "give the server's own address, past the pooler (a pooler in session mode will do): CHANGEOVER_OWNER_URL or --database-url for `changeover`, `Options::owner_url` for a service that embeds the library; only the service's own connection (`Options::service_url`) may be pooled. Nothing was changed"
    }
    --- stderr
    --- exit 10
    "#);
    for command in [&["plan"][..], &["adopt", "--at", "1"]] {
        let ran = project.run(&[command, &["--database-url", &pooled]].concat()).await;
        assert_eq!(ran.exit_code, Some(10), "{command:?}: {ran:?}");
    }
    let client = project.client().await;
    let sql = "SELECT count(*) FROM pg_namespace WHERE nspname = 'changeover'";
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test]
async fn what_only_looks_works_through_it_and_a_pooler_in_session_mode_does_for_all() {
    let _filters = filters();
    let project = Project::new().await.file("0001_orders.sql", ORDERS);
    let (_session_pooler, pooled) = project.pooled(PoolMode::Session).await;
    project.run(&["migrate", "--database-url", &pooled]).await.ok();
    let (_pooler, pooled) = project.pooled(PoolMode::Transaction).await;
    // Twice: what a first look left behind would show in the second.
    for _ in 0..2 {
        let ran = project.run(&["status", "--database-url", &pooled]).await.ok();
        assert!(ran.stdout.contains("0001.0.script"), "{ran:?}");
    }
}
