//! HTTP/2 by prior knowledge (h2c): concurrent streams on few connections, taken in turn.
//!
//! After a GOAWAY new streams go to a new connection, while those that the server still serves are
//! awaited on the old one. A request that waited in this client while the GOAWAY came was never sent:
//! it goes to the new connection too and is counted as moved, as HTTP/2 has clients do (RFC 9113,
//! 6.8). A stream that the server refuses is a failure of its own kind.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::Mutex;

use super::{
    Answer, exchange,
    failure::{self, Failure},
    message::{self, Message},
};
use crate::load::workload::Request;

/// A request handed back by a connection that was going away is offered to a new one; more than
/// this many connections going away at once means that the service takes no streams.
const CONNECTIONS_TRIED_MAX: usize = 3;

type Connection = SendRequest<Full<Bytes>>;

/// The place of one connection. The lock is held while it is opened, so that all who want it wait
/// for the same one.
type Slot = Arc<Mutex<Option<Connection>>>;

pub(super) struct Http2Client {
    target: SocketAddr,
    host: String,
    slots: Vec<Slot>,
    turn: AtomicUsize,
    moved: AtomicU64,
}

enum Attempt {
    /// Nothing was written: the connection was going away.
    NotWritten(Failure),
    Done(Result<Answer, Failure>),
}

impl Http2Client {
    pub(super) fn new(target: SocketAddr, connections: usize) -> Http2Client {
        let slots = (0..connections).map(|_| Slot::default()).collect();
        Http2Client {
            target,
            host: target.to_string(),
            slots,
            turn: AtomicUsize::new(0),
            moved: AtomicU64::new(0),
        }
    }

    /// How many requests went to a new connection because a GOAWAY came before they were sent.
    pub(super) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    pub(super) async fn send(&self, request: &Request) -> Result<Answer, Failure> {
        let message =
            message::http2(request, &self.host).map_err(|error| Failure::message(&error))?;
        exchange::let_news_in().await;
        let slot = &self.slots[self.turn.fetch_add(1, Ordering::Relaxed) % self.slots.len()];
        let mut tried = 1;
        loop {
            let connection = self.connection(slot).await?;
            match attempt(connection, message.clone()).await {
                Attempt::Done(result) => return result,
                Attempt::NotWritten(failure) if tried == CONNECTIONS_TRIED_MAX => {
                    return Err(failure);
                }
                Attempt::NotWritten(_) => {
                    tried += 1;
                    self.moved.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// The slot's connection, opened if there is none that takes streams.
    async fn connection(&self, slot: &Slot) -> Result<Connection, Failure> {
        let mut slot = slot.lock().await;
        if let Some(connection) = slot.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        *slot = None;
        let stream = exchange::connect(self.target).await?;
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .map_err(|error| Failure::exchange(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "connection ended");
            }
        });
        *slot = Some(sender.clone());
        Ok(sender)
    }
}

async fn attempt(mut connection: Connection, message: Message) -> Attempt {
    match connection.try_send_request(message).await {
        Ok(response) => {
            let (head, body) = response.into_parts();
            let answer = body.collect().await.map(|body| body.to_bytes());
            Attempt::Done(match answer {
                Ok(body) => Ok(Answer { status: head.status, body }),
                Err(error) => Err(Failure::exchange(&error)),
            })
        }
        Err(mut error) => {
            let handed_back = error.take_message().is_some();
            let error = error.into_error();
            let unwritten = handed_back || failure::beyond_goaway(&error);
            let failure = Failure::exchange(&error);
            if unwritten { Attempt::NotWritten(failure) } else { Attempt::Done(Err(failure)) }
        }
    }
}
