//! A sensor for tests: one stream on a connection of its own, each message by hand.

use bytes::Bytes;
use changeover_central::{
    population::{Kind, Population},
    route::{
        SensorEvent,
        sensor_stream::{FromSensor, ToSensor},
    },
};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use http_body_util::{BodyExt, StreamBody};
use hyper::{
    Request,
    body::{Frame, Incoming},
    client::conn::http2,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use std::{collections::VecDeque, convert::Infallible, net::SocketAddr};
use tokio::{net::TcpStream, sync::mpsc};
use uuid::Uuid;

type Lines = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Infallible>>>;

/// An open stream.
pub(crate) struct Sensor {
    lines: Option<mpsc::UnboundedSender<String>>,
    body: Incoming,
    unread: VecDeque<ToSensor>,
    text: String,
    _connection: http2::SendRequest<Lines>,
}

/// The key of a seeded cluster.
pub(crate) fn cluster(population: Population, number: u64) -> Uuid {
    population.key(Kind::Cluster, number)
}

/// An event that stores a row with this id.
pub(crate) fn event(population: Population, id: Uuid) -> SensorEvent {
    SensorEvent::Indicator {
        id,
        deployment_id: population.key(Kind::Deployment, 0),
        pod_uid: Uuid::from_u128(5),
        process_name: "bash".to_owned(),
        process_args: "-c true".to_owned(),
        signal_time: Timestamp::from_second(1_767_225_600).unwrap(),
        container_start: Some(1_767_000_000.125),
    }
}

impl Sensor {
    /// Opens a cluster's stream; its first message is not read yet.
    pub(crate) async fn open(address: SocketAddr, cluster: Uuid) -> Self {
        let stream = TcpStream::connect(address).await.expect("connects");
        let (mut sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("handshake");
        tokio::spawn(connection);
        let (lines, waiting) = mpsc::unbounded_channel::<String>();
        let frames = stream::unfold(waiting, async |mut waiting| {
            let line = waiting.recv().await?;
            Some((Ok(Frame::data(Bytes::from(line))), waiting))
        });
        let request = Request::post(format!("http://central/v1/sensor/stream?cluster={cluster}"))
            .body(StreamBody::new(frames.boxed()))
            .expect("a request");
        let response = sender.send_request(request).await.expect("an answer");
        assert_eq!(response.status(), 200);
        Self {
            lines: Some(lines),
            body: response.into_body(),
            unread: VecDeque::new(),
            text: String::new(),
            _connection: sender,
        }
    }

    /// The same, with its first message read: the stream's epoch, and how far events are stored.
    pub(crate) async fn opened(address: SocketAddr, cluster: Uuid) -> (Self, i64, i64) {
        let mut sensor = Self::open(address, cluster).await;
        match sensor.next().await {
            Some(ToSensor::Opened { epoch, sequence }) => (sensor, epoch, sequence),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn event(&self, sequence: i64, what: SensorEvent) {
        self.say(&FromSensor::Event { sequence, what });
    }

    /// Events with numbers from this one on, in one piece.
    pub(crate) fn events(&self, first: i64, events: impl Iterator<Item = SensorEvent>) {
        let line = |(sequence, what)| {
            serde_json::to_string(&FromSensor::Event { sequence, what }).unwrap() + "\n"
        };
        self.write(&(first..).zip(events).map(line).collect::<String>());
    }

    pub(crate) fn beat(&self, health: &str) {
        self.say(&FromSensor::Heartbeat { health: health.to_owned() });
    }

    fn say(&self, message: &FromSensor) {
        self.write(&(serde_json::to_string(message).unwrap() + "\n"));
    }

    /// Writes anything. What is written after central has gone is lost, as with any socket.
    pub(crate) fn write(&self, text: &str) {
        self.lines.as_ref().expect("its side is open").send(text.to_owned()).ok();
    }

    /// Ends this side.
    pub(crate) fn end(&mut self) {
        self.lines = None;
    }

    /// The next message; `None` at a clean end.
    pub(crate) async fn next(&mut self) -> Option<ToSensor> {
        self.try_next().await.expect("no reset")
    }

    /// The same, where the stream may be reset.
    pub(crate) async fn try_next(&mut self) -> Result<Option<ToSensor>, hyper::Error> {
        loop {
            if let Some(message) = self.unread.pop_front() {
                return Ok(Some(message));
            }
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            let bytes = frame?.into_data().expect("no trailers");
            self.text.push_str(std::str::from_utf8(&bytes).expect("text"));
            while let Some((line, rest)) = self.text.split_once('\n') {
                self.unread.push_back(serde_json::from_str(line).expect("a message"));
                self.text = rest.to_owned();
            }
        }
    }

    /// The numbers of the next acknowledgements, each with whether it was stored before.
    pub(crate) async fn acknowledgements(&mut self, count: usize) -> Vec<(i64, bool)> {
        let mut all = Vec::new();
        while all.len() < count {
            match self.next().await {
                Some(ToSensor::Stored { sequence, repeated, .. }) => all.push((sequence, repeated)),
                other => panic!("{other:?} after {all:?}"),
            }
        }
        all
    }

    /// Reads to the end; the word of the refusal that was said last.
    pub(crate) async fn refusal(&mut self) -> String {
        let mut last = None;
        while let Some(message) = self.next().await {
            last = Some(message);
        }
        match last {
            Some(ToSensor::Refused { code, .. }) => code,
            other => panic!("{other:?}"),
        }
    }
}
