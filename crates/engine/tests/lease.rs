//! A lease that is shorter than opening a connection takes: the term must be won once and kept.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Database, OWNER, migrate, value};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// What opening a connection takes: more than twice the lease.
const OPENING: Duration = Duration::from_millis(700);
const LEASE: Duration = Duration::from_millis(300);
/// For how long the upgrade may be tried; without the connection opened beforehand it never ends.
const BOUND: Duration = Duration::from_secs(120);

/// A port that leads to the server, slowly at first.
async fn slow_to_open(port: u16) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let own = listener.local_addr().unwrap().port();
    // Ends with the test's runtime.
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                tokio::time::sleep(OPENING).await;
                let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                // Either side may end first.
                tokio::io::copy_bidirectional(&mut client, &mut server).await.ok();
            });
        }
    });
    own
}

#[tokio::test]
async fn a_lease_shorter_than_opening_a_connection_is_kept() {
    let database = Database::new(15).await;
    let port = slow_to_open(database.server.port()).await;
    let files = [
        ("0001_base.sql", "CREATE TABLE t (id bigint PRIMARY KEY); INSERT INTO t VALUES (1);"),
        ("0002_next.sql", "ALTER TABLE t ADD COLUMN v bigint; UPDATE t SET v = id * 2;"),
    ];
    for upto in 1..=files.len() {
        let mut options = database.options("1", &files[..upto]);
        options.owner_url = Some(format!("postgres://{OWNER}@127.0.0.1:{port}/{}", database.name));
        options.timing.lease = LEASE;
        tokio::time::timeout(BOUND, migrate(options))
            .await
            .expect("won and lost for ever")
            .unwrap();
    }
    let owner = database.connect(OWNER).await;
    assert_eq!(value::<i64>(&owner, "SELECT v FROM t").await, 2);
    let epoch: i64 = value(&owner, "SELECT epoch FROM changeover.term").await;
    assert!(epoch <= 4, "the term was lost {epoch} times on the way");
}
