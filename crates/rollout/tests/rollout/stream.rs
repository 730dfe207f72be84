//! Long streams against a service that ends them in one way each: what is sent again, and what is
//! counted as what.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use changeover_rollout::load::{
    StreamEnd, StreamEvent, StreamLoad, StreamMessage, StreamReport, StreamSpec, StreamWorkload,
};
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::{Request, Response, StatusCode, body::Frame, body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rand::{Rng, rngs::StdRng};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use uuid::Uuid;

use crate::support::DEADLINE;

/// Events of each stream but the last before the service ends it.
const EVENTS_EACH: u64 = 10;

/// Streams that are ended so; the next one goes on until the client ends it.
const ENDED: u64 = 3;

/// How the service ends a stream.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// Asks the client to stop, takes all that still comes, says goodbye.
    InOrder,
    /// Stores without saying so, and resets the stream.
    Reset,
    /// The same, but without a word, as if all were well.
    Silently,
    /// Does not take the stream.
    Status,
    /// Says goodbye to a stream before taking it.
    TurnAway,
}

/// What the service has stored, by number: how often, and with which id.
#[derive(Default)]
struct Store {
    cursor: AtomicU64,
    events: Mutex<BTreeMap<u64, Vec<Uuid>>>,
    streams: AtomicU64,
}

impl Store {
    /// Stores an event unless it is there; tells whether it was.
    fn store(&self, sequence: u64, id: Uuid) -> bool {
        let cursor = self.cursor.load(Ordering::SeqCst);
        assert!(sequence <= cursor + 1, "{sequence} after {cursor}: a gap");
        if sequence <= cursor {
            return true;
        }
        self.cursor.store(sequence, Ordering::SeqCst);
        self.events.lock().unwrap().entry(sequence).or_default().push(id);
        false
    }
}

type Answers = mpsc::UnboundedSender<Result<Frame<Bytes>, std::io::Error>>;

async fn serve(end: End) -> (SocketAddr, Arc<Store>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let store = Arc::new(Store::default());
    let kept = store.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let store = store.clone();
            let service = service_fn(move |request| answer(request, end, store.clone()));
            let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    (address, kept)
}

async fn answer(
    request: Request<Incoming>,
    end: End,
    store: Arc<Store>,
) -> Result<Response<impl hyper::body::Body<Data = Bytes, Error = std::io::Error>>, Infallible> {
    let number = store.streams.fetch_add(1, Ordering::SeqCst);
    let (answers, waiting) = mpsc::unbounded_channel();
    let is_ended = number < ENDED;
    let status = if is_ended && end == End::Status { 503 } else { 200 };
    tokio::spawn(talk(request.into_body(), is_ended.then_some(end), store, answers));
    let frames = stream::unfold(waiting, async |mut waiting: mpsc::UnboundedReceiver<_>| {
        waiting.recv().await.map(|frame| (frame, waiting))
    });
    let response = Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("x-holder", format!("stream-{number}"));
    Ok(response.body(StreamBody::new(frames)).unwrap())
}

async fn talk(mut body: Incoming, end: Option<End>, store: Arc<Store>, answers: Answers) {
    let say = |line: String| answers.send(Ok(Frame::data(Bytes::from(line + "\n")))).ok();
    match end {
        Some(End::Status) => return,
        Some(End::TurnAway) => {
            say("bye".to_owned());
            return;
        }
        _ => say(format!("opened {}", store.cursor.load(Ordering::SeqCst))),
    };
    let (mut text, mut taken) = (String::new(), 0);
    while let Some(Ok(frame)) = body.frame().await {
        text += std::str::from_utf8(&frame.into_data().unwrap()).unwrap();
        while let Some((line, rest)) = text.split_once('\n') {
            let words: Vec<&str> = line.split(' ').collect();
            if let ["event", sequence, id] = words[..] {
                let repeated = store.store(sequence.parse().unwrap(), id.parse().unwrap());
                taken += 1;
                if end.is_none_or(|end| end == End::InOrder) {
                    say(format!("{} {sequence}", if repeated { "repeated" } else { "stored" }));
                }
            }
            text = rest.to_owned();
            match end {
                Some(End::InOrder) if taken == EVENTS_EACH => drop(say("stop".to_owned())),
                Some(End::Reset) if taken == EVENTS_EACH => {
                    answers.send(Err(std::io::Error::other("reset"))).ok();
                    return;
                }
                Some(End::Silently) if taken == EVENTS_EACH => return,
                _ => {}
            }
        }
    }
    if end == Some(End::InOrder) {
        say("bye".to_owned());
    }
}

struct Lines;

impl StreamWorkload for Lines {
    fn path(&self, stream: usize) -> String {
        format!("/stream/{stream}")
    }

    fn event(&self, random: &mut StdRng, _: usize, sequence: u64) -> StreamEvent {
        let write_id = Uuid::from_u128(random.random());
        StreamEvent { line: Bytes::from(format!("event {sequence} {write_id}\n")), write_id }
    }

    fn heartbeat(&self) -> Bytes {
        Bytes::from_static(b"alive\n")
    }

    fn read(&self, line: &[u8]) -> Result<StreamMessage, String> {
        let line = std::str::from_utf8(line).unwrap();
        let (word, number) = line.split_once(' ').unwrap_or((line, "0"));
        let sequence = number.parse().unwrap();
        Ok(match word {
            "opened" => StreamMessage::Opened { sequence },
            "stored" => StreamMessage::Stored { sequence, repeated: false },
            "repeated" => StreamMessage::Stored { sequence, repeated: true },
            "stop" => StreamMessage::StopSending,
            "bye" => StreamMessage::GoAway,
            _ => return Err(line.to_owned()),
        })
    }
}

/// One client until so many events are stored over the last stream, with every event there once.
async fn run(end: End) -> StreamReport {
    let (target, store) = serve(end).await;
    let spec = StreamSpec {
        target,
        streams: 1,
        events_per_second: 500.0,
        holder_header: "x-holder",
        seed: 1,
    };
    let load = StreamLoad::start(spec, Arc::new(Lines)).unwrap();
    timeout(DEADLINE, async {
        let is_last = || store.streams.load(Ordering::SeqCst) > ENDED;
        while !is_last() || store.cursor.load(Ordering::SeqCst) < EVENTS_EACH * (ENDED + 2) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    let report = load.stop(DEADLINE).await.unwrap();
    assert_eq!((report.unacknowledged.len(), report.wrong), (0, 0), "{:?}", report.problems);
    assert_eq!(report.events, report.acknowledged.len() as u64);
    let stored: Vec<Uuid> = store.events.lock().unwrap().values().flatten().copied().collect();
    assert_eq!(report.acknowledged, stored);
    assert_eq!(report.ended(StreamEnd::ByClient), 1);
    report
}

#[tokio::test]
async fn a_stream_that_ends_in_order_goes_on_elsewhere_with_nothing_sent_again() {
    let report = run(End::InOrder).await;
    assert_eq!((report.opened, report.ended(StreamEnd::GoAway)), (ENDED + 1, ENDED));
    assert_eq!((report.resent, report.repeated, report.ended(StreamEnd::Cut)), (0, 0, 0));
    let holders: Vec<&str> = report.spans.iter().map(|span| span.holder.as_str()).collect();
    assert_eq!(holders, ["stream-0", "stream-1", "stream-2", "stream-3"]);
}

#[tokio::test]
async fn what_was_not_acknowledged_is_sent_again_after_a_cut() {
    for end in [End::Reset, End::Silently] {
        let report = run(end).await;
        assert_eq!(report.ended(StreamEnd::Cut), ENDED);
        assert_eq!(report.problems.len() as u64, ENDED, "{:?}", report.problems);
        // Over each further stream all that came over those before came again; what was stored is
        // not stored again.
        assert!(report.resent >= EVENTS_EACH * ENDED, "{}", report.resent);
        assert!(report.repeated >= EVENTS_EACH, "{}", report.repeated);
    }
}

#[tokio::test]
async fn a_stream_that_is_not_taken_is_counted_apart() {
    let report = run(End::Status).await;
    assert_eq!((report.opened, report.not_opened), (1, ENDED));
    assert!(report.problems[0].contains("503"), "{:?}", report.problems);
    let report = run(End::TurnAway).await;
    assert_eq!((report.opened, report.not_opened), (1, 0));
    assert_eq!(report.ended(StreamEnd::TurnedAway), ENDED);
}
