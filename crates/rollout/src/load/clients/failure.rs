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
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            let refused = error.reason() == Some(h2::Reason::REFUSED_STREAM);
            return error.is_remote() && (refused || error.is_go_away());
        }
        cause = error.source();
    }
    false
}
