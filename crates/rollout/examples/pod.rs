//! A small HTTP server that leaves as a pod should (or, told so, as one should not).
//!
//! The integration tests run it as their pods. The order in which it leaves on SIGTERM is the one
//! that loses no request (`leave`): not ready, keep accepting while endpoints propagate, announce
//! the end on every connection that is in use, only then close those that nobody uses.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io::Read,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode, Version,
    body::Incoming,
    header::{CONNECTION, HeaderValue},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::{Instant, sleep, timeout_at},
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What the command line says.
#[derive(Clone, Debug, Default)]
struct Options {
    port: u16,
    name: String,
    never_ready: bool,
    never_started: bool,
    ignore_sigterm: bool,
    drain: bool,
    answer_ms: u64,
    propagation_ms: u64,
    idle_grace_ms: u64,
}

/// How far the leaving has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    /// Every answer says that the connection ends with it.
    Announcing,
    /// What is still open is idle, and is closed.
    Closing,
}

struct Pod {
    options: Options,
    ready: AtomicBool,
    connections: AtomicUsize,
    stage: watch::Sender<Stage>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let options = parse(std::env::args().skip(1).collect())?;
    std::thread::spawn(end_with_controller);
    // Before the port is open: a signal must never find the default action.
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let pod = Arc::new(Pod {
        ready: AtomicBool::new(!options.never_ready),
        options,
        connections: AtomicUsize::new(0),
        stage: watch::Sender::new(Stage::Serving),
    });
    let accepting = tokio::spawn(accept(pod.clone(), listener));
    terminate.recv().await;
    if pod.options.ignore_sigterm {
        std::future::pending::<()>().await;
    }
    if pod.options.drain {
        leave(&pod).await;
    }
    // The listener is closed last: closing it resets connections that wait to be accepted.
    accepting.abort();
    Ok(())
}

/// Leaves without cutting anything that is under way.
async fn leave(pod: &Pod) {
    // 1. Not ready. The service goes on sending connections until it has heard of the removal, so
    //    serve as before for that long.
    pod.ready.store(false, Ordering::SeqCst);
    sleep(Duration::from_millis(pod.options.propagation_ms)).await;
    // 2. Announce the end where clients look for it: `Connection: close` on HTTP/1 answers, GOAWAY
    //    in two steps on HTTP/2. Clients that use their connection go elsewhere by themselves.
    pod.stage.send_replace(Stage::Announcing);
    let grace_ends = Instant::now() + Duration::from_millis(pod.options.idle_grace_ms);
    wait_until_empty(pod, grace_ends).await;
    // 3. Connections that nobody used during the grace, which is longer than any client rests.
    pod.stage.send_replace(Stage::Closing);
    // 4. What is under way; the grace period of the Deployment ends it by force.
    wait_until_empty(pod, Instant::now() + Duration::from_secs(60)).await;
}

async fn wait_until_empty(pod: &Pod, deadline: Instant) {
    while pod.connections.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
        sleep(Duration::from_millis(5)).await;
    }
}

async fn accept(pod: Arc<Pod>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                pod.connections.fetch_add(1, Ordering::SeqCst);
                let pod = pod.clone();
                tokio::spawn(async move {
                    serve(&pod, stream).await;
                    pod.connections.fetch_sub(1, Ordering::SeqCst);
                });
            }
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

/// One connection.
async fn serve(pod: &Arc<Pod>, stream: TcpStream) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    // Whether an HTTP/2 request was seen: only then may GOAWAY be sent (a connection whose first
    // bytes are still under way would be dropped).
    let (http2_seen, mut http2) = watch::channel(false);
    let http2_seen = Arc::new(http2_seen);
    let answering = pod.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (pod, http2_seen) = (answering.clone(), http2_seen.clone());
        async move {
            if request.version() == Version::HTTP_2 {
                http2_seen.send_replace(true);
            }
            Ok::<_, Infallible>(answer(&pod, request).await)
        }
    });
    let builder = Builder::new(TokioExecutor::new());
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut stage = pod.stage.subscribe();
    let goaway = async {
        if http2.wait_for(|seen| *seen).await.is_ok() {
            stage.wait_for(|stage| *stage >= Stage::Announcing).await.is_ok()
        } else {
            std::future::pending().await
        }
    };
    let mut closing = pod.stage.subscribe();
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = goaway => {}
        _ = closing.wait_for(|stage| *stage == Stage::Closing) => {}
    }
    connection.as_mut().graceful_shutdown();
    let deadline = Instant::now() + Duration::from_secs(60);
    if timeout_at(deadline, connection).await.is_err() {
        std::process::exit(4);
    }
}

async fn answer(pod: &Pod, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let is_http1 = request.version() != Version::HTTP_2;
    let path = request.uri().path().to_string();
    let (status, body) = match path.as_str() {
        "/readyz" if pod.ready.load(Ordering::SeqCst) => (StatusCode::OK, Bytes::new()),
        "/startupz" if !pod.options.never_started => (StatusCode::OK, Bytes::new()),
        "/readyz" | "/startupz" => (StatusCode::SERVICE_UNAVAILABLE, Bytes::new()),
        "/name" => (StatusCode::OK, Bytes::from(pod.options.name.clone())),
        "/echo" => {
            sleep(Duration::from_millis(pod.options.answer_ms)).await;
            match request.into_body().collect().await {
                Ok(body) => (StatusCode::OK, body.to_bytes()),
                Err(_) => (StatusCode::BAD_REQUEST, Bytes::new()),
            }
        }
        _ => (StatusCode::NOT_FOUND, Bytes::new()),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    if is_http1 && *pod.stage.borrow() >= Stage::Announcing {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Ends this process when the controller is gone: then its end of our stdin is closed.
fn end_with_controller() {
    let mut byte = [0];
    while matches!(std::io::stdin().read(&mut byte), Ok(1..)) {}
    std::process::exit(3);
}

fn parse(arguments: Vec<String>) -> Result<Options, Failure> {
    let mut options = Options { drain: true, ..Options::default() };
    let mut arguments = VecDeque::from(arguments);
    while let Some(flag) = arguments.pop_front() {
        match flag.as_str() {
            "--never-ready" => options.never_ready = true,
            "--never-started" => options.never_started = true,
            "--ignore-sigterm" => options.ignore_sigterm = true,
            "--no-drain" => options.drain = false,
            "--fail" => return Err("told to fail".into()),
            _ => {
                let value = arguments.pop_front().ok_or_else(|| format!("{flag} lacks a value"))?;
                match flag.as_str() {
                    "--port" => options.port = value.parse()?,
                    "--name" => options.name = value,
                    "--answer-ms" => options.answer_ms = value.parse()?,
                    "--propagation-ms" => options.propagation_ms = value.parse()?,
                    "--idle-grace-ms" => options.idle_grace_ms = value.parse()?,
                    _ => return Err(format!("unknown flag {flag}").into()),
                }
            }
        }
    }
    Ok(options)
}
