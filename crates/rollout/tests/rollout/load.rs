//! The generator against servers that misbehave in one way each: what is counted as what, and that
//! no request is ever sent twice.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use changeover_rollout::load::{
    ClientKind, ClientMix, Load, LoadReport, LoadSpec, Outcome, Summary, measure_capacity,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::support::{DEADLINE, Echo};

const PER_REQUEST: ClientMix = ClientMix { per_request: 1, keep_alive: 0, idle: 0, http2: 0 };
const KEEP_ALIVE: ClientMix = ClientMix { per_request: 0, keep_alive: 1, idle: 0, http2: 0 };
const IDLE: ClientMix = ClientMix { per_request: 0, keep_alive: 0, idle: 1, http2: 0 };
const HTTP2: ClientMix = ClientMix { per_request: 0, keep_alive: 0, idle: 0, http2: 1 };

/// What a server does after it has read a request.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Answer,
    /// Answers as if the connection stayed open, and closes it: the end of the stream travels with
    /// the answer, so that it has arrived when the next request is due.
    AnswerAndClose,
    AnswerStatus(&'static str),
    Close,
    /// Answers the first request of a connection, closes it on the second one.
    AnswerOnce,
    Hang,
}

/// A server of HTTP/1.1 by hand; counts requests and connections.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicU64>,
    connections: Arc<AtomicU64>,
}

async fn serve(then: Then) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server {
        address: listener.local_addr().unwrap(),
        requests: Arc::default(),
        connections: Arc::default(),
    };
    let (requests, connections) = (server.requests.clone(), server.connections.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve_one(stream, then, requests.clone()));
        }
    });
    server
}

async fn serve_one(mut stream: TcpStream, then: Then, requests: Arc<AtomicU64>) {
    // Holds back what is written until the stream is closed.
    rustix::net::sockopt::set_tcp_cork(&stream, then == Then::AnswerAndClose).unwrap();
    let mut answered = 0;
    while let Some(body) = read_request(&mut stream).await {
        requests.fetch_add(1, Ordering::SeqCst);
        let status = match then {
            Then::Answer | Then::AnswerAndClose => "200 OK",
            Then::AnswerStatus(status) => status,
            Then::Close => return,
            Then::AnswerOnce if answered == 1 => return,
            Then::AnswerOnce => "200 OK",
            Then::Hang => std::future::pending().await,
        };
        answered += 1;
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
        if stream.write_all(&[head.as_bytes(), &body].concat()).await.is_err()
            || then == Then::AnswerAndClose
        {
            return;
        }
    }
}

/// The body of the next request; `None` at the end of the connection.
async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}

fn spec(target: SocketAddr, mix: ClientMix) -> LoadSpec {
    LoadSpec { mix, ..LoadSpec::new(target, 200.0) }
}

/// Runs a load until so many requests have ended.
async fn run(spec: LoadSpec, requests: u64) -> (LoadReport, Summary) {
    let load = Load::start(spec, Echo::workload()).unwrap();
    timeout(DEADLINE, async {
        while load.counts().ended < requests {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    let report = load.stop(Duration::from_secs(5)).await.unwrap();
    let summary = report.summary(report.whole());
    (report, summary)
}

/// All failed in this one way.
fn assert_all(summary: &Summary, outcome: Outcome) {
    assert!(summary.failed > 0);
    assert_eq!(summary.failed, summary.requests);
    assert_eq!(summary.failed_by_outcome.get(&outcome), Some(&summary.failed), "{summary:?}");
}

#[tokio::test]
async fn good_answers_are_counted_and_writes_kept() {
    let server = serve(Then::Answer).await;
    let (report, summary) = run(spec(server.address, KEEP_ALIVE), 60).await;
    assert_eq!(summary.failed, 0, "{:?}", report.failures);
    assert_eq!(summary.requests, server.requests.load(Ordering::SeqCst));
    assert_eq!(report.request_names, ["write", "read"]);
    let writes = report.samples.iter().filter(|sample| sample.request == 0).count();
    assert_eq!(report.acknowledged.len(), writes);
    assert!(server.connections.load(Ordering::SeqCst) < summary.requests / 2);
    let buckets = report.timeline(Duration::from_millis(100));
    assert_eq!(buckets.iter().map(|bucket| bucket.requests).sum::<u64>(), summary.requests);
}

#[tokio::test]
async fn one_connection_a_request_is_just_that() {
    let server = serve(Then::Answer).await;
    let (report, summary) = run(spec(server.address, PER_REQUEST), 40).await;
    assert_eq!(summary.failed, 0, "{:?}", report.failures);
    assert_eq!(summary.requests, server.connections.load(Ordering::SeqCst));
    assert_eq!(summary.requests_by_client[&ClientKind::PerRequest], summary.requests);
}

#[tokio::test]
async fn idle_connections_rest_for_their_interval() {
    let server = serve(Then::Answer).await;
    let spec = LoadSpec { idle_interval: Duration::from_millis(200), ..spec(server.address, IDLE) };
    let (report, summary) = run(spec, 200).await;
    assert_eq!(summary.failed, 0, "{:?}", report.failures);
    // 200 per second, each connection resting 0.2 s: some 40 of them, used again and again.
    let connections = server.connections.load(Ordering::SeqCst);
    assert!((38..summary.requests / 2).contains(&connections), "{connections}");
}

/// An end of stream that arrives between two requests is no failure for any client.
#[tokio::test]
async fn a_connection_closed_between_requests_is_replaced() {
    for mix in [KEEP_ALIVE, IDLE] {
        let server = serve(Then::AnswerAndClose).await;
        let spec =
            LoadSpec { idle_interval: Duration::from_millis(20), ..spec(server.address, mix) };
        let (report, summary) = run(spec, 100).await;
        assert_eq!(summary.failed, 0, "{:?}", report.failures);
        assert_eq!(summary.requests, server.requests.load(Ordering::SeqCst));
    }
}

#[tokio::test]
async fn a_request_that_was_written_is_never_sent_again() {
    for mix in [PER_REQUEST, KEEP_ALIVE, IDLE] {
        let server = serve(Then::Close).await;
        let (report, summary) = run(spec(server.address, mix), 40).await;
        assert_all(&summary, Outcome::Reset);
        assert_eq!(summary.requests, server.requests.load(Ordering::SeqCst));
        assert!(report.acknowledged.is_empty() && !report.unacknowledged.is_empty());
        assert_eq!(report.failures.len(), 20);
        assert!(report.failures[0].text.contains("connection closed"), "{:?}", report.failures[0]);
    }
}

/// Nor is one that was written to a connection out of the pool.
#[tokio::test]
async fn a_request_that_was_written_to_a_used_connection_is_never_sent_again() {
    for mix in [KEEP_ALIVE, IDLE] {
        let server = serve(Then::AnswerOnce).await;
        let spec =
            LoadSpec { idle_interval: Duration::from_millis(20), ..spec(server.address, mix) };
        let (report, summary) = run(spec, 40).await;
        assert!(summary.failed > 0);
        assert_eq!(summary.requests, server.requests.load(Ordering::SeqCst));
        assert!(report.samples.iter().any(|sample| sample.outcome.is_ok()));
    }
}

#[tokio::test]
async fn nobody_listening_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for mix in [PER_REQUEST, HTTP2] {
        let (_, summary) = run(spec(address, mix), 20).await;
        assert_all(&summary, Outcome::Refused);
    }
}

#[tokio::test]
async fn statuses_are_told_apart() {
    let cases = [
        ("503 Service Unavailable", Outcome::TurnedAway),
        ("500 Internal Server Error", Outcome::Http5xx),
        ("404 Not Found", Outcome::Http4xx),
        ("202 Accepted", Outcome::WrongBody),
    ];
    for (status, outcome) in cases {
        let server = serve(Then::AnswerStatus(status)).await;
        let (_, summary) = run(spec(server.address, KEEP_ALIVE), 20).await;
        assert_all(&summary, outcome);
    }
}

#[tokio::test]
async fn no_answer_is_a_timeout_then_unfinished_then_overload() {
    let server = serve(Then::Hang).await;
    let impatient =
        LoadSpec { request_timeout: Duration::from_millis(50), ..spec(server.address, KEEP_ALIVE) };
    let (_, summary) = run(impatient, 20).await;
    assert_all(&summary, Outcome::TimedOut);

    let load = Load::start(
        LoadSpec { max_in_flight: 5, ..spec(server.address, PER_REQUEST) },
        Echo::workload(),
    )
    .unwrap();
    timeout(DEADLINE, async {
        while load.counts().ended < 10 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(load.counts().in_flight, 5);
    let report = load.stop(Duration::from_millis(10)).await.unwrap();
    let summary = report.summary(report.whole());
    assert_eq!(summary.failed_by_outcome[&Outcome::Unfinished], 5);
    assert_eq!(summary.failed_by_outcome[&Outcome::Overload], summary.requests - 5);
    // Of what was never sent nothing can have been written.
    assert!(report.unacknowledged.len() <= 5);
}

/// Streams that the server refuses are failures of their own kind, and go nowhere else.
#[tokio::test]
async fn a_refused_stream_is_counted_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let streams = Arc::new(AtomicU64::new(0));
    let seen = streams.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = seen.clone();
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    seen.fetch_add(1, Ordering::SeqCst);
                    respond.send_reset(h2::Reason::REFUSED_STREAM);
                }
            });
        }
    });
    let (_, summary) = run(spec(address, HTTP2), 40).await;
    assert_all(&summary, Outcome::GoawayRefused);
    assert_eq!(summary.requests, streams.load(Ordering::SeqCst));
}

/// After a GOAWAY new streams go to a new connection, and those already taken are answered.
#[tokio::test]
async fn a_graceful_goaway_costs_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicU64::new(0));
    let opened = connections.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            opened.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(echo_then_goaway(stream));
        }
    });
    let (report, summary) = run(spec(address, HTTP2), 100).await;
    assert_eq!(summary.failed, 0, "{:?}", report.failures);
    assert!(connections.load(Ordering::SeqCst) > 10);
}

/// Serves HTTP/2 and announces the end of the connection with its fifth stream.
async fn echo_then_goaway(stream: TcpStream) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let mut taken = 0;
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        taken += 1;
        if taken == 5 {
            connection.graceful_shutdown();
        }
        tokio::spawn(async move {
            let mut body = request.into_body();
            let mut echo = Vec::new();
            while let Some(Ok(chunk)) = body.data().await {
                echo.extend_from_slice(&chunk);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            let mut stream = respond.send_response(hyper::Response::new(()), false).unwrap();
            stream.send_data(echo.into(), true).unwrap();
        });
    }
}

#[tokio::test]
async fn capacity_is_what_a_closed_loop_gets() {
    let server = serve(Then::Answer).await;
    let duration = Duration::from_millis(500);
    let rate = measure_capacity(server.address, Echo::workload(), 4, duration).await.unwrap();
    let requests = server.requests.load(Ordering::SeqCst) as f64;
    assert!(rate > 0.0 && rate <= requests / 0.4, "{rate} of {requests}");

    let broken = serve(Then::Close).await;
    let error = measure_capacity(broken.address, Echo::workload(), 2, duration).await.unwrap_err();
    assert!(error.to_string().contains("capacity cannot be measured"), "{error}");
}
