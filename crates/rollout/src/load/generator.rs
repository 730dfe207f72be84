//! The generator's thread: sends each request when it is due, whatever became of those before it.
//!
//! It has a runtime of one thread of its own: a busy caller does not delay requests, and one
//! request costs one task and no locks that are waited for. Several requests may be due at one tick
//! of the timer (1 ms); their latency still counts from the exact time.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::{
    sync::{
        Notify,
        oneshot::{self, error::TryRecvError},
    },
    time::{sleep_until, timeout, timeout_at},
};

use super::{
    clients::{Answer, Clients, Failure},
    outcome::Outcome,
    recorder::Recorder,
    report::LoadReport,
    spec::LoadSpec,
    workload::{Request, Verdict, Workload},
};

/// What the caller's handle and the requests under way share.
pub(super) struct Shared {
    pub(super) started: Instant,
    spec: LoadSpec,
    workload: Arc<dyn Workload>,
    clients: Clients,
    recorder: Mutex<Recorder>,
    in_flight: AtomicUsize,
    /// Told when a request has ended.
    ended: Notify,
}

impl Shared {
    pub(super) fn new(spec: LoadSpec, workload: Arc<dyn Workload>) -> Shared {
        Shared {
            started: Instant::now(),
            clients: Clients::new(&spec),
            spec,
            workload,
            recorder: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            ended: Notify::new(),
        }
    }

    pub(super) fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// Runs until `stop` tells for how long requests under way may still take, then gives the report.
pub(super) async fn run(shared: Arc<Shared>, mut stop: oneshot::Receiver<Duration>) -> LoadReport {
    let mut random = StdRng::seed_from_u64(shared.spec.seed);
    let interval_ns = 1e9 / shared.spec.rate_per_second;
    let mut sequence: u64 = 0;
    let drain_timeout = loop {
        let due = shared.started + Duration::from_nanos((sequence as f64 * interval_ns) as u64);
        if due > Instant::now() {
            tokio::select! {
                biased;
                // A handle that was dropped cannot be given a report: stop at once.
                drain_timeout = &mut stop => break drain_timeout.unwrap_or(Duration::ZERO),
                () = sleep_until(due.into()) => {}
            }
        } else {
            match stop.try_recv() {
                Ok(drain_timeout) => break drain_timeout,
                Err(TryRecvError::Closed) => break Duration::ZERO,
                Err(TryRecvError::Empty) => {}
            }
        }
        dispatch(&shared, &mut random, sequence, due);
        sequence += 1;
        if sequence.is_multiple_of(CATCH_UP_BATCH) {
            tokio::task::yield_now().await;
        }
    };
    let due_for = shared.started.elapsed();
    drain(&shared, drain_timeout).await;
    let now_us = shared.now_us();
    let report = shared.recorder().finish(shared.started, due_for, now_us);
    LoadReport { moved: shared.clients.moved(), ..report }
}

/// When late, at most so many requests are sent before answers are looked at.
const CATCH_UP_BATCH: u64 = 32;

/// Sends one request in the background.
fn dispatch(shared: &Arc<Shared>, random: &mut StdRng, sequence: u64, due: Instant) {
    let client = shared.spec.mix.pick(random.random_range(0..shared.spec.mix.total()));
    let request = shared.workload.next(random, sequence);
    let intended = due.saturating_duration_since(shared.started);
    let intended_us = u64::try_from(intended.as_micros()).unwrap_or(u64::MAX);
    shared.recorder().open(sequence, intended_us, client, request.name, request.write_id);
    if shared.in_flight.load(Ordering::Relaxed) >= shared.spec.max_in_flight {
        let failure = Failure::new(Outcome::Overload, "too many requests under way; not sent");
        shared.recorder().close(sequence, shared.now_us(), Err(failure));
        return;
    }
    shared.in_flight.fetch_add(1, Ordering::Relaxed);
    let shared = shared.clone();
    tokio::spawn(async move {
        let deadline = due + shared.spec.request_timeout;
        let sent = timeout_at(deadline.into(), shared.clients.send(client, &request));
        let result = match sent.await {
            Ok(Ok(answer)) => judge(&*shared.workload, &request, &answer),
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(Failure::new(Outcome::TimedOut, "no answer within the request timeout")),
        };
        shared.recorder().close(sequence, shared.now_us(), result);
        shared.in_flight.fetch_sub(1, Ordering::Relaxed);
        shared.ended.notify_one();
    });
}

/// Whether the answer is right.
pub(super) fn judge(
    workload: &dyn Workload,
    request: &Request,
    answer: &Answer,
) -> Result<(), Failure> {
    let status = answer.status;
    let text = match workload.check(request, status, &answer.body) {
        Verdict::Ok if !status.is_server_error() => return Ok(()),
        Verdict::Ok => String::from_utf8_lossy(&answer.body).chars().take(200).collect(),
        Verdict::WrongBody(text) | Verdict::ServerError(text) => text,
    };
    let outcome = match status.as_u16() {
        503 => Outcome::TurnedAway,
        500.. => Outcome::Http5xx,
        400..500 => Outcome::Http4xx,
        _ => Outcome::WrongBody,
    };
    Err(Failure::new(outcome, format!("{status}: {text}")))
}

async fn drain(shared: &Shared, drain_timeout: Duration) {
    let all_ended = async {
        while shared.in_flight.load(Ordering::Relaxed) > 0 {
            shared.ended.notified().await;
        }
    };
    if timeout(drain_timeout, all_ended).await.is_err() {
        tracing::debug!("requests were still under way at the end of the load");
    }
}
