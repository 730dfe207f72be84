//! A new connection for every request, as scripts that call `curl` do.
//!
//! It asks for `Connection: close`, so that the closed connections' waiting time (TIME_WAIT) falls
//! on the server's fixed port and the ports of this side do not run out.

use std::net::SocketAddr;

use hyper::header::{CONNECTION, HeaderValue};

use super::{
    Answer,
    exchange::{self, Attempt},
    failure::Failure,
    message,
};
use crate::load::workload::Request;

pub(super) struct PerRequestClient {
    target: SocketAddr,
    host: String,
}

impl PerRequestClient {
    pub(super) fn new(target: SocketAddr) -> PerRequestClient {
        PerRequestClient { target, host: target.to_string() }
    }

    pub(super) async fn send(&self, request: &Request) -> Result<Answer, Failure> {
        let mut message =
            message::http1(request, &self.host).map_err(|error| Failure::message(&error))?;
        message.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        let connection = exchange::open(self.target).await?;
        match exchange::exchange(connection, message).await {
            Attempt::Done(result) => result.map(|(answer, _)| answer),
            Attempt::NotWritten(failure) => Err(failure),
        }
    }
}
