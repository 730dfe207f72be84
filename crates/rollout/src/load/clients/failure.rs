//! Why a request failed, sorted into outcomes.

use std::{error::Error, io};

use crate::{cause::chain, load::outcome::Outcome};

/// A failed request.
#[derive(Debug)]
pub(in crate::load) struct Failure {
    pub(in crate::load) outcome: Outcome,
    /// The error with its causes, for the report.
    pub(in crate::load) text: String,
}

impl Failure {
    pub(in crate::load) fn new(outcome: Outcome, text: impl Into<String>) -> Failure {
        Failure { outcome, text: text.into() }
    }

    /// A failed attempt to connect.
    pub(super) fn connect(error: &io::Error) -> Failure {
        let outcome = match error.kind() {
            io::ErrorKind::ConnectionRefused => Outcome::Refused,
            io::ErrorKind::TimedOut => Outcome::TimedOut,
            _ => Outcome::Reset,
        };
        Failure::new(outcome, format!("connect: {}", chain(error)))
    }

    /// A failed exchange.
    pub(super) fn exchange(error: &hyper::Error) -> Failure {
        let outcome = if refused_stream(error) { Outcome::GoawayRefused } else { Outcome::Reset };
        Failure::new(outcome, chain(error))
    }

    /// A request that could not be put together: the workload's mistake.
    pub(super) fn message(error: &hyper::http::Error) -> Failure {
        Failure::new(Outcome::WrongBody, format!("not a request: {}", chain(error)))
    }
}

/// Whether the server said that it would not take this stream.
fn refused_stream(error: &hyper::Error) -> bool {
    stream_error(error).is_some_and(|error| {
        let refused = error.reason() == Some(h2::Reason::REFUSED_STREAM);
        error.is_remote() && (refused || error.is_go_away())
    })
}

/// Whether the stream lies beyond the last one that a graceful GOAWAY names. The server sends that
/// one only after this client has answered its ping, so such a stream was still waiting to be sent.
/// A connection that is cut afterwards fails its streams with an I/O error instead.
pub(super) fn beyond_goaway(error: &hyper::Error) -> bool {
    stream_error(error).is_some_and(|error| {
        error.is_remote() && error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR)
    })
}

fn stream_error(error: &hyper::Error) -> Option<&h2::Error> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return Some(error);
        }
        cause = error.source();
    }
    None
}
