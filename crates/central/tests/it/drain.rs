//! Leaving: no kind of client may notice more than that it should go elsewhere.

use crate::{
    client::{Connection, once},
    stage::{Stage, until},
};
use changeover_central::settings::DrainTiming;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Short, because no client here takes its time.
const TIMING: DrainTiming = DrainTiming {
    propagation: Duration::from_millis(400),
    idle: Duration::from_millis(800),
    fresh: Duration::from_millis(200),
    in_flight: Duration::from_secs(5),
    ..DrainTiming::DEFAULT
};

#[tokio::test]
async fn not_ready_at_once_but_new_clients_are_served() {
    let stage = Stage::seeded("announce").await;
    let central = stage.central("4.9").await;
    let address = central.address();
    let mut kept = Connection::http1(address).await;
    assert!(!kept.send("GET", "/v1/ping", "").await.unwrap().closes());

    let draining = tokio::spawn(central.drain());
    until("not ready", async || once(address, "GET", "/readyz", "").await.status == 503).await;
    assert_eq!(once(address, "GET", "/startupz", "").await.status, 200);
    let new = once(address, "GET", "/v1/alerts", "").await;
    assert_eq!((new.status, new.closes()), (200, true));
    let last = kept.send("GET", "/v1/alerts", "").await.unwrap();
    assert_eq!((last.status, last.closes()), (200, true));
    draining.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

/// A client that comes back within the idle time meets `Connection: close` and is never cut.
#[tokio::test]
async fn an_idle_client_is_told_before_its_connection_ends() {
    let stage = Stage::seeded("idle").await;
    // The propagation time is over at once, the idle time long enough for a slow machine.
    let timing =
        DrainTiming { propagation: Duration::ZERO, idle: Duration::from_secs(3), ..TIMING };
    let central = stage.central_that_drains(timing).await;
    let address = central.address();
    let mut kept = Connection::http1(address).await;
    let mut unused = Connection::http1(address).await;
    let mut http2 = Connection::http2(address).await;
    for connection in [&mut kept, &mut unused, &mut http2] {
        connection.send("GET", "/v1/ping", "").await.unwrap();
    }

    let draining = tokio::spawn(central.drain());
    // HTTP/2 clients are told when the propagation time is over; the others may still come.
    until("HTTP/2 is told to go away", async || http2.is_closed()).await;
    assert!(kept.send("GET", "/v1/ping", "").await.unwrap().closes());
    assert!(!unused.is_closed());
    until("the unused one is closed", async || unused.is_closed()).await;
    draining.await.unwrap();
}

#[tokio::test]
async fn an_http2_client_is_told_to_go_away_and_loses_no_stream() {
    let stage = Stage::seeded("goaway").await;
    let central = stage.central("4.9").await;
    let address = central.address();
    let answered = Arc::new(AtomicU32::new(0));
    let clients: Vec<_> =
        (0..4).map(|_| tokio::spawn(ask_until_told(address, Arc::clone(&answered)))).collect();
    until("clients are at work", async || answered.load(Ordering::Relaxed) > 40).await;
    central.drain().await;
    for client in clients {
        client.await.expect("no failed request");
    }
}

/// Asks over one connection until it is told to go away; a real client would then go elsewhere.
async fn ask_until_told(address: SocketAddr, answered: Arc<AtomicU32>) {
    let mut connection = Connection::http2(address).await;
    while !connection.is_closed() {
        match connection.send("GET", "/v1/alerts?limit=1", "").await {
            Ok(answer) => assert_eq!(answer.status, 200),
            // The GOAWAY came before the request was sent.
            Err(error) => assert!(error.is_canceled() || error.is_closed(), "{error:?}"),
        }
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// A request that is being worked on when the drain begins is answered.
#[tokio::test]
async fn what_is_in_flight_is_finished() {
    let stage = Stage::seeded("flight").await;
    let central = stage.central("4.9").await;
    let address = central.address();
    let blocker = stage.owner().await;
    blocker.batch_execute("BEGIN; LOCK TABLE alerts IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let slow = tokio::spawn(async move { once(address, "GET", "/v1/alerts", "").await.status });
    let watcher = stage.superuser().await;
    until("the request waits", async || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                   AND datname = current_database()";
        watcher.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) == 1
    })
    .await;
    let draining = tokio::spawn(central.drain());
    until("it listens no more", async || TcpStream::connect(address).await.is_err()).await;
    assert!(!draining.is_finished());
    blocker.batch_execute("COMMIT").await.unwrap();
    assert_eq!(slow.await.unwrap(), 200);
    draining.await.unwrap();
}

/// hyper issue 3792: the first request of a connection that was accepted last must not be lost.
#[tokio::test]
async fn a_fresh_connection_gets_its_first_request_answered() {
    let stage = Stage::seeded("fresh").await;
    let timing = DrainTiming { fresh: Duration::from_secs(2), ..TIMING };
    let central = stage.central_that_drains(timing).await;
    let address = central.address();
    let draining = tokio::spawn(central.drain());
    // Connect again and again until nobody listens; the last ones were accepted just before.
    let mut fresh = Vec::new();
    while let Ok(stream) = TcpStream::connect(address).await {
        fresh.push(tokio::spawn(first_request(stream)));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(fresh.len() > 50, "{}", fresh.len());
    for request in fresh {
        let answer = request.await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    }
    draining.await.unwrap();
}

/// Sends the first request a while after connecting.
async fn first_request(mut stream: TcpStream) -> String {
    tokio::time::sleep(Duration::from_millis(30)).await;
    let mut answer = String::new();
    let request = b"GET /v1/ping HTTP/1.1\r\nhost: central\r\n\r\n";
    if stream.write_all(request).await.is_ok() {
        stream.read_to_string(&mut answer).await.ok();
    }
    answer
}

/// What `--no-drain` does: everything is cut.
#[tokio::test]
async fn without_a_drain_connections_are_cut() {
    let stage = Stage::seeded("cut").await;
    let central = stage.central("4.9").await;
    let mut kept = Connection::http1(central.address()).await;
    kept.send("GET", "/v1/ping", "").await.unwrap();
    drop(central);
    until("it is closed", async || kept.is_closed()).await;
}
