//! How a request ended, who sent it, and the compact record of it.

use serde::Serialize;

/// How a request ended. Every value but `Ok` is a failed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Outcome {
    /// A right answer in time.
    Ok,
    /// The connection was refused.
    Refused,
    /// The connection broke before the answer was complete: reset, closed too early, or garbled.
    Reset,
    /// No complete answer within the request timeout, counted from the intended start.
    TimedOut,
    /// HTTP/2: the server would not take the stream (GOAWAY or `REFUSED_STREAM`).
    GoawayRefused,
    /// Status 503: the service could not do it in time and said so. Failed like any other, and counted
    /// apart.
    TurnedAway,
    /// Any other status from 500 up.
    Http5xx,
    /// Status 400 to 499 that the workload did not expect.
    Http4xx,
    /// Any other answer that the workload finds wrong.
    WrongBody,
    /// Still under way when the drain timeout of the stop had passed.
    Unfinished,
    /// Not sent: too many requests were under way (`max_in_flight`).
    Overload,
}

impl Outcome {
    /// Whether the request succeeded.
    pub fn is_ok(self) -> bool {
        self == Outcome::Ok
    }
}

/// Who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ClientKind {
    /// A new connection for every request.
    PerRequest,
    /// HTTP/1.1 keep-alive pool; the connection used last is used first.
    KeepAlive,
    /// HTTP/1.1 connections that each rest for `idle_interval` between two requests.
    Idle,
    /// HTTP/2 with concurrent streams on few connections.
    Http2,
}

/// One request, compactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When it was due, in µs since the start of the load.
    pub intended_us: u64,
    /// From then until its end, in µs.
    pub latency_us: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Who sent it.
    pub client: ClientKind,
    /// Index into [`LoadReport::request_names`](super::LoadReport::request_names).
    pub request: u8,
}

impl Sample {
    /// When it ended, in µs since the start of the load.
    pub fn completed_us(&self) -> u64 {
        self.intended_us + u64::from(self.latency_us)
    }
}
