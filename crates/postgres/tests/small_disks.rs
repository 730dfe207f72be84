//! A server whose disk is really full: statements fail with 53100, and go on once there is room.

use changeover_postgres::{Server, StartError};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

const DISK_BYTES: u64 = 32 * 1024 * 1024;

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connects");
    tokio::spawn(connection);
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_new_blocks_until_there_is_room() {
    let start = || Server::builder().small_disk(DISK_BYTES).start();
    let server = tokio::task::spawn_blocking(start).await.unwrap().unwrap();
    server.create_database_on_small_disk("template1", "cramped").await.unwrap();
    let client = connect(&server.url("postgres", "cramped")).await;
    client.batch_execute("CREATE TABLE t (body text)").await.unwrap();
    let grow = "INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 2000)";
    client.batch_execute(grow).await.unwrap();

    server.fill_small_disk().await.unwrap();
    let error = client.batch_execute(grow).await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::DISK_FULL), "{error:?}");
    let elsewhere = connect(&server.url("postgres", "postgres")).await;
    elsewhere.batch_execute("CREATE TABLE t (body text)").await.unwrap();
    elsewhere.batch_execute(grow).await.expect("only the small disk is full");

    server.relieve_small_disk().await.unwrap();
    client.batch_execute(grow).await.unwrap();
    server.create_database_on_small_disk("template1", "second").await.unwrap();

    let error = server.restart_immediate().unwrap_err();
    assert!(matches!(error, StartError::SmallDiskLost), "{error}");
    let folder = server.socket_dir().to_owned();
    server.stop().unwrap();
    assert!(!folder.exists(), "the mount does not hold the folder back");
}

#[tokio::test]
async fn a_server_without_a_small_disk_says_so() {
    let server = Server::builder().start().unwrap();
    let error = server.fill_small_disk().await.unwrap_err();
    assert!(error.to_string().contains("no small disk"), "{error}");
}
