//! One client of long streams: sends events and reads acknowledgements at the same time, over one HTTP/2
//! stream on a connection of its own, and over the next one when that has ended.
//!
//! What was not acknowledged is sent again over the next stream, as a sensor does: the service must know
//! what it has stored already. Asked to stop sending, it ends its side and reads to the end.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, StreamExt};
use http_body_util::{BodyExt, StreamBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Frame, Incoming},
    client::conn::http2::{SendRequest, handshake},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rand::{SeedableRng, rngs::StdRng};
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::exchange;
use crate::{
    cause::chain,
    load::streams::{
        Acknowledged, Queue, Recorder, StreamEnd, StreamMessage, StreamSpec, StreamWorkload,
    },
};

/// How often events that are due are sent.
const TICK: Duration = Duration::from_millis(5);

/// How often the client says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Lines that wait in the client's connection: what is not there yet when a stream ends need not be sent
/// again.
const LINES_WAITING_MAX: usize = 64;

/// Opening a stream takes no longer, and no service is silent for longer while it is being talked to.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// The pause after a stream that could not be opened, or was cut; doubled each time up to the largest.
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);

type Body = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Infallible>>>;

/// A client.
pub(in crate::load) struct LongStreamClient {
    number: usize,
    spec: StreamSpec,
    workload: Arc<dyn StreamWorkload>,
    random: StdRng,
    queue: Queue,
    recorder: Arc<Mutex<Recorder>>,
    is_stopping: bool,
}

/// An open stream.
struct Open {
    /// `None` once this side has ended.
    lines: Option<mpsc::Sender<Bytes>>,
    body: Incoming,
    unread: BytesMut,
    holder: String,
    opened_at: Instant,
    /// The first message has come: events may be sent.
    is_taken: bool,
    has_gone_away: bool,
    /// Keeps the connection open.
    _connection: SendRequest<Body>,
}

impl LongStreamClient {
    pub(in crate::load) fn new(
        number: usize,
        spec: StreamSpec,
        workload: Arc<dyn StreamWorkload>,
        began: Instant,
        recorder: Arc<Mutex<Recorder>>,
    ) -> LongStreamClient {
        LongStreamClient {
            number,
            random: StdRng::seed_from_u64(spec.seed ^ (number as u64) << 32),
            queue: Queue::new(began, spec.events_per_second),
            spec,
            workload,
            recorder,
            is_stopping: false,
        }
    }

    /// Runs until it is told to stop and everything is acknowledged, or it is given up.
    pub(in crate::load) async fn run(
        mut self,
        stop: watch::Receiver<bool>,
        mut given_up: watch::Receiver<bool>,
    ) {
        tokio::select! {
            () = self.streams(stop) => {}
            // The sender lives as long as the clients are waited for.
            _ = given_up.wait_for(|given_up| *given_up) => {}
        }
        let left: Vec<_> = self.queue.unacknowledged().collect();
        self.record().report.unacknowledged.extend(left);
    }

    /// One stream after the other.
    async fn streams(&mut self, mut stop: watch::Receiver<bool>) {
        let mut pause = PAUSE_FIRST;
        loop {
            let opened = timeout(SILENCE_MAX, self.open()).await;
            match opened.unwrap_or_else(|_| Err("no answer".to_owned())) {
                Err(problem) => {
                    let mut record = self.record();
                    record.report.not_opened += 1;
                    record.problem(problem);
                }
                Ok(mut open) => {
                    let ended = self.talk(&mut open, &mut stop).await;
                    let ended = self.note(&open, ended);
                    match ended {
                        StreamEnd::ByClient => return,
                        StreamEnd::GoAway => {
                            pause = PAUSE_FIRST;
                            continue;
                        }
                        StreamEnd::TurnedAway | StreamEnd::Cut => {}
                    }
                }
            }
            if *stop.borrow() && self.queue.is_empty() {
                return;
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Notes how a stream has ended.
    fn note(&self, open: &Open, ended: Result<StreamEnd, String>) -> StreamEnd {
        let mut record = self.record();
        let ended = ended.unwrap_or_else(|problem| {
            record.problem(format!("held by {}: {problem}", open.holder));
            StreamEnd::Cut
        });
        record.report.opened += u64::from(open.is_taken);
        record.ended(self.number, open.holder.clone(), open.opened_at, ended);
        ended
    }

    async fn open(&self) -> Result<Open, String> {
        let opened_at = Instant::now();
        let stream = exchange::connect(self.spec.target).await.map_err(|failure| failure.text)?;
        let (mut sender, connection) =
            handshake(TokioExecutor::new(), TokioIo::new(stream)).await.map_err(|e| chain(&e))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a stream's connection ended");
            }
        });
        let (lines, waiting) = mpsc::channel(LINES_WAITING_MAX);
        let frames = stream::unfold(waiting, async |mut waiting: mpsc::Receiver<Bytes>| {
            let line = waiting.recv().await?;
            Some((Ok(Frame::data(line)), waiting))
        });
        let uri = format!("http://{}{}", self.spec.target, self.workload.path(self.number));
        let body: Body = StreamBody::new(frames.boxed());
        let request = Request::post(uri).body(body).map_err(|error| chain(&error))?;
        let response = sender.send_request(request).await.map_err(|error| chain(&error))?;
        let holder = self.holder(&response);
        if response.status() != StatusCode::OK {
            return Err(format!("{} from {holder}", response.status()));
        }
        Ok(Open {
            lines: Some(lines),
            body: response.into_body(),
            unread: BytesMut::new(),
            holder,
            opened_at,
            is_taken: false,
            has_gone_away: false,
            _connection: sender,
        })
    }

    fn holder(&self, response: &Response<Incoming>) -> String {
        let named = response.headers().get(self.spec.holder_header);
        named.and_then(|name| name.to_str().ok()).unwrap_or("unnamed").to_owned()
    }

    /// Sends and reads until the stream has ended.
    async fn talk(
        &mut self,
        open: &mut Open,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<StreamEnd, String> {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        let mut beaten: Option<Instant> = None;
        loop {
            tokio::select! {
                frame = open.body.frame() => {
                    heard = Instant::now();
                    match frame {
                        Some(Ok(frame)) => {
                            open.unread.extend_from_slice(&frame.into_data().unwrap_or_default());
                            self.read(open)?;
                        }
                        Some(Err(error)) => return Err(chain(&error)),
                        None => return self.ended(open),
                    }
                }
                _ = tick.tick() => {
                    self.is_stopping |= *stop.borrow();
                    self.send(open, &mut beaten);
                    if heard.elapsed() > SILENCE_MAX {
                        return Err("nothing was heard".to_owned());
                    }
                }
            }
        }
    }

    /// What the end of the service's side means.
    fn ended(&self, open: &Open) -> Result<StreamEnd, String> {
        match (open.has_gone_away, open.is_taken) {
            (true, true) => Ok(StreamEnd::GoAway),
            (true, false) => Ok(StreamEnd::TurnedAway),
            (false, _) if self.is_stopping && open.lines.is_none() => Ok(StreamEnd::ByClient),
            (false, _) => Err("ended without goAway".to_owned()),
        }
    }

    /// Sends what is due and fits; ends this side when the load is over and nothing is left.
    fn send(&mut self, open: &mut Open, beaten: &mut Option<Instant>) {
        if !open.is_taken {
            return;
        }
        let Some(lines) = &open.lines else { return };
        if !self.is_stopping {
            let (workload, number, random) = (&self.workload, self.number, &mut self.random);
            let made = self
                .queue
                .make(Instant::now(), |sequence| workload.event(random, number, sequence));
            let mut record = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
            record.report.events += made.events;
            record.report.held_back += made.held_back;
        }
        if beaten.is_none_or(|at| at.elapsed() >= HEARTBEAT)
            && lines.try_send(self.workload.heartbeat()).is_ok()
        {
            *beaten = Some(Instant::now());
        }
        let mut resent = 0;
        while let Some(event) = self.queue.next() {
            if lines.try_send(event.line.clone()).is_err() {
                break;
            }
            resent += u64::from(self.queue.sent());
        }
        self.record().report.resent += resent;
        if self.is_stopping && self.queue.is_empty() {
            open.lines = None;
        }
    }

    /// Reads the lines that are complete.
    fn read(&mut self, open: &mut Open) -> Result<(), String> {
        while let Some(end) = open.unread.iter().position(|byte| *byte == b'\n') {
            let line = open.unread.split_to(end);
            open.unread.advance(1);
            match self.workload.read(&line)? {
                StreamMessage::Opened { sequence } => {
                    open.is_taken = true;
                    self.queue.reopen(sequence);
                }
                StreamMessage::Stored { sequence, repeated } => self.stored(sequence, repeated)?,
                StreamMessage::StopSending => open.lines = None,
                StreamMessage::GoAway => open.has_gone_away = true,
                StreamMessage::Refused(why) => return Err(format!("refused: {why}")),
            }
        }
        Ok(())
    }

    fn stored(&mut self, sequence: u64, repeated: bool) -> Result<(), String> {
        match self.queue.acknowledge(sequence) {
            Ok(Acknowledged { write_id, due_at }) => {
                self.record().acknowledged(write_id, due_at.elapsed(), repeated);
                Ok(())
            }
            Err(problem) => {
                self.record().report.wrong += 1;
                Err(problem)
            }
        }
    }

    fn record(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
