//! Real standbys: they follow their primary, take over, and leave the old primary alone.

use changeover_postgres::{SUPPORTED_MAJORS, Server};
use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connects");
    tokio::spawn(connection);
    client
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.expect("one row").get(0)
}

const ROWS: &str = "SELECT count(*) FROM kept";

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_follows_and_is_promoted_on_the_oldest_and_the_newest() {
    for major in [*SUPPORTED_MAJORS.start(), *SUPPORTED_MAJORS.end()] {
        let start = move || Server::start(major);
        let primary = tokio::task::spawn_blocking(start).await.unwrap().unwrap();
        let old = connect(&primary.url("postgres", "postgres")).await;
        old.batch_execute("CREATE TABLE kept AS SELECT 1 AS n").await.unwrap();
        let standby = primary.standby().await.unwrap();
        let new = connect(&standby.url("postgres", "postgres")).await;
        assert_eq!(number(&new, ROWS).await, 1, "what was there before the copy");
        old.batch_execute("INSERT INTO kept VALUES (2)").await.unwrap();
        standby.wait_for_replay(&primary).await.unwrap();
        assert_eq!(number(&new, ROWS).await, 2, "what came after it");
        new.batch_execute("INSERT INTO kept VALUES (3)").await.unwrap_err();

        standby.promote().await.unwrap();
        new.batch_execute("INSERT INTO kept VALUES (3), (4)").await.unwrap();
        old.batch_execute("INSERT INTO kept VALUES (5)").await.unwrap();
        assert_eq!((number(&old, ROWS).await, number(&new, ROWS).await), (3, 4), "two timelines");
        let timeline = "SELECT timeline_id::bigint FROM pg_control_checkpoint()";
        new.batch_execute("CHECKPOINT").await.unwrap();
        assert_eq!((number(&old, timeline).await, number(&new, timeline).await), (1, 2));

        let error = primary.promote().await.unwrap_err();
        assert!(error.to_string().contains("copy of the primary"), "{error}");
        standby.restart_immediate().unwrap();
        let again = connect(&standby.url("postgres", "postgres")).await;
        assert_eq!(number(&again, ROWS).await, 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_made_while_the_primary_is_written_to() {
    let primary = tokio::task::spawn_blocking(|| Server::builder().start()).await.unwrap().unwrap();
    let client = connect(&primary.url("postgres", "postgres")).await;
    client.batch_execute("CREATE TABLE kept (n bigint, body text)").await.unwrap();
    let write = async {
        // Files come, grow and go while they are copied.
        for n in 0..40_i64 {
            let sql = format!(
                "INSERT INTO kept SELECT {n}, repeat('x', 500) FROM generate_series(1, 1000); \
                 DROP TABLE IF EXISTS passing; CREATE TABLE passing AS SELECT * FROM kept LIMIT 100"
            );
            client.batch_execute(&sql).await.unwrap();
        }
    };
    let (standby, ()) = tokio::join!(primary.standby(), write);
    let standby = standby.unwrap();
    standby.wait_for_replay(&primary).await.unwrap();
    let copy = connect(&standby.url("postgres", "postgres")).await;
    assert_eq!(number(&copy, ROWS).await, 40_000);
    assert_eq!(number(&copy, "SELECT sum(length(body))::bigint FROM kept").await, 20_000_000);
}
