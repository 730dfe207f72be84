//! The order of commits of a real server: what two sessions did, as logical decoding tells it.

use changeover_postgres::Server;
use changeover_verify::commit_order::{Violation, violations};
use changeover_verify::{CommitOrder, commit_order};
use tokio_postgres::{Client, NoTls};

const APP: &str = "shop";

/// As much of a ledger as the oracle looks at.
const LEDGER: &str = "CREATE SCHEMA changeover; \
    CREATE TABLE changeover.term (app text PRIMARY KEY, epoch bigint NOT NULL); \
    INSERT INTO changeover.term VALUES ('shop', 3), ('other', 90); \
    CREATE TABLE orders (id bigint PRIMARY KEY, note text); \
    INSERT INTO orders VALUES (1, 'it''s'), (2, NULL)";

fn label(epoch: i64) -> String {
    format!("SELECT pg_logical_emit_message(true, 'changeover', 'epoch={epoch}');")
}

struct Stage {
    url: String,
    _server: Server,
}

impl Stage {
    async fn new(major: u16) -> Self {
        let start = move || Server::builder().major(major).setting("wal_level", "logical").start();
        let started = tokio::task::spawn_blocking(start).await.expect("starting does not panic");
        let server = started.expect("the server starts");
        let url = server.url("postgres", "postgres");
        Self { url, _server: server }
    }

    /// A session that works under an epoch, by its name.
    async fn session(&self, epoch: i64) -> Client {
        let (client, connection) =
            tokio_postgres::connect(&self.url, NoTls).await.expect("connects");
        tokio::spawn(connection);
        let name = format!("SET application_name = 'changeover@2/shop/2/work/{epoch}'");
        client.batch_execute(&name).await.expect("the name is taken");
        client
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_after_the_next_grant_is_found_though_it_began_before() {
    for major in [14, 17] {
        let stage = Stage::new(major).await;
        let (old, new) = (stage.session(3).await, stage.session(4).await);
        old.batch_execute(LEDGER).await.unwrap();
        CommitOrder::install(&stage.url).await.unwrap();

        let order = CommitOrder::begin(&stage.url, APP, "first").await.unwrap();
        let work = "UPDATE orders SET note = 'a ''quoted'' [x]:1' WHERE id = 1";
        old.batch_execute(&format!("BEGIN; {} {work}", label(3))).await.unwrap();
        new.batch_execute("UPDATE changeover.term SET epoch = 91 WHERE app = 'other'")
            .await
            .unwrap();
        old.batch_execute("COMMIT").await.unwrap();
        let history = order.read().await.unwrap();
        assert_eq!(history.epoch, 3);
        assert_eq!(violations(&history), [], "another application's term is none of ours");

        let order = CommitOrder::begin(&stage.url, APP, "second").await.unwrap();
        old.batch_execute(&format!("BEGIN; {} {work}", label(3))).await.unwrap();
        new.batch_execute("UPDATE changeover.term SET epoch = 4 WHERE app = 'shop'").await.unwrap();
        new.batch_execute(&format!(
            "BEGIN; {} UPDATE orders SET note = 'new' WHERE id = 2; COMMIT",
            label(4)
        ))
        .await
        .unwrap();
        old.batch_execute("COMMIT").await.unwrap();
        let found = violations(&order.read().await.unwrap());
        let [Violation::Stale { epoch: 3, current: 4, wrote, .. }] = found.as_slice() else {
            panic!("{major}: {found:?}");
        };
        assert_eq!(wrote, "public.orders (UPDATE)");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_built_concurrently_by_a_lower_epoch_is_found() {
    let stage = Stage::new(17).await;
    let (old, new) = (stage.session(3).await, stage.session(4).await);
    old.batch_execute(LEDGER).await.unwrap();
    CommitOrder::install(&stage.url).await.unwrap();
    let order = CommitOrder::begin(&stage.url, APP, "indexes").await.unwrap();
    old.batch_execute("CREATE INDEX CONCURRENTLY fine ON orders (note)").await.unwrap();
    new.batch_execute("UPDATE changeover.term SET epoch = 4 WHERE app = 'shop'").await.unwrap();
    // Between the grant and the first work of who was granted it, he ends such sessions.
    old.batch_execute("CREATE INDEX CONCURRENTLY late ON orders (note)").await.unwrap();
    new.batch_execute("CREATE INDEX CONCURRENTLY his ON orders (note)").await.unwrap();
    old.batch_execute("CREATE INDEX CONCURRENTLY stale ON orders (note)").await.unwrap();
    old.batch_execute("DROP INDEX CONCURRENTLY fine").await.unwrap();
    let history = order.read().await.unwrap();
    assert!(history.transactions.iter().any(|t| !t.ddl.is_empty()), "{history:?}");
    let found = commit_order::violations(&history);
    let wrote = |at: usize| match &found[at] {
        Violation::Stale { epoch: 3, current: 4, wrote, .. } => wrote.as_str(),
        other => panic!("{other:?}"),
    };
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(wrote(0).contains("CREATE INDEX"), "{found:?}");
    assert!(wrote(1).contains("DROP INDEX"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_no_epoch_is_found() {
    let stage = Stage::new(17).await;
    let session = stage.session(3).await;
    session.batch_execute(LEDGER).await.unwrap();
    CommitOrder::install(&stage.url).await.unwrap();
    let order = CommitOrder::begin(&stage.url, APP, "bare").await.unwrap();
    session.batch_execute("UPDATE orders SET note = 'bare' WHERE id = 1").await.unwrap();
    let found = violations(&order.read().await.unwrap());
    assert!(matches!(found.as_slice(), [Violation::Unlabelled { .. }]), "{found:?}");
}
