//! The proxy between a client and a real server: it passes, cuts, hangs, heals, moves.

use crate::shop::server;
use changeover_postgres::Server;
use changeover_verify::FaultProxy;
use std::time::Duration;
use tokio_postgres::{Client, NoTls};

/// Longer than any answer of a server that answers.
const SILENCE: Duration = Duration::from_millis(300);
/// For how long a state may be waited for on a busy machine.
const WAIT: Duration = Duration::from_secs(20);

fn url(proxy: &FaultProxy) -> String {
    format!("postgres://postgres@127.0.0.1:{}/postgres", proxy.port())
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn port_of(client: &Client) -> Result<u16, tokio_postgres::Error> {
    let row = client.query_one("SELECT current_setting('port')", &[]).await?;
    Ok(row.get::<_, String>(0).parse().expect("a number"))
}

async fn until_live(proxy: &FaultProxy, live: usize) {
    let reached = async {
        while proxy.live() != live {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(WAIT, reached).await.expect("connections come and go");
}

#[tokio::test]
async fn what_is_cut_is_reset_and_may_come_back() {
    let server = server(17).await;
    let proxy = FaultProxy::start(server.port()).await.unwrap();
    let client = connect(&url(&proxy)).await.unwrap();
    assert_eq!(port_of(&client).await.unwrap(), server.port());
    let sleeping = client.batch_execute("SELECT pg_sleep(600)");
    let cutting = async {
        until_live(&proxy, 1).await;
        proxy.cut();
    };
    let (slept, ()) = tokio::join!(sleeping, cutting);
    assert!(slept.unwrap_err().code().is_none(), "no answer of the server, but a reset");
    until_live(&proxy, 0).await;
    let again = connect(&url(&proxy)).await.unwrap();
    port_of(&again).await.expect("an earlier cut does not concern it");
    // The one that closes is gone at the other side too.
    drop(again);
    until_live(&proxy, 0).await;
}

#[tokio::test]
async fn what_hangs_is_answered_once_it_is_healed() {
    let server = server(17).await;
    let proxy = FaultProxy::start(server.port()).await.unwrap();
    let client = connect(&url(&proxy)).await.unwrap();
    proxy.hang();
    let mut query = Box::pin(port_of(&client));
    let new_url = url(&proxy);
    let mut new = Box::pin(connect(&new_url));
    let silent = async {
        tokio::select! {
            answer = &mut query => panic!("answered: {answer:?}"),
            _ = &mut new => panic!("a new connection was answered"),
            () = tokio::time::sleep(SILENCE) => {}
        }
    };
    silent.await;
    proxy.heal();
    assert_eq!(query.await.unwrap(), server.port(), "nothing was lost");
    port_of(&new.await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn the_end_of_a_client_stays_unknown_while_it_hangs() {
    let server = server(17).await;
    let proxy = FaultProxy::start(server.port()).await.unwrap();
    let client = connect(&url(&proxy)).await.unwrap();
    let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let direct = connect(&server.url("postgres", "postgres")).await.unwrap();
    proxy.hang();
    drop(client);
    tokio::time::sleep(SILENCE).await;
    let there = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1";
    let count: i64 = direct.query_one(there, &[&pid]).await.unwrap().get(0);
    assert_eq!(count, 1, "the server has not heard of it");
    proxy.heal();
    let gone = async {
        while direct.query_one(there, &[&pid]).await.unwrap().get::<_, i64>(0) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(WAIT, gone).await.expect("now it has");
}

#[tokio::test]
async fn new_connections_go_where_the_name_points_and_old_ones_stay() {
    let (old, new) = (server(17).await, server(16).await);
    let proxy = FaultProxy::start(old.port()).await.unwrap();
    let before = connect(&url(&proxy)).await.unwrap();
    proxy.redirect(new.port());
    let after = connect(&url(&proxy)).await.unwrap();
    assert_eq!(port_of(&before).await.unwrap(), old.port());
    assert_eq!(port_of(&after).await.unwrap(), new.port());
}

#[tokio::test]
async fn where_no_server_is_the_client_is_reset() {
    let server: Server = tokio::task::spawn_blocking(|| Server::start(17)).await.unwrap().unwrap();
    let proxy = FaultProxy::start(server.port()).await.unwrap();
    tokio::task::spawn_blocking(move || server.stop()).await.unwrap().unwrap();
    let attempt = tokio::time::timeout(WAIT, connect(&url(&proxy))).await;
    assert!(attempt.expect("it does not hang").is_err());
}
