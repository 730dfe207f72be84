//! One HTTP/1.1 exchange on one connection.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{client::conn::http1::SendRequest, header};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use super::{Answer, failure::Failure, message::Message};

/// After a complete answer the connection is idle at once; one that is not is given up.
const IDLE_AGAIN: Duration = Duration::from_millis(500);

/// An HTTP/1.1 connection that can take one request at a time.
pub(super) type Connection = SendRequest<Full<Bytes>>;

/// What came of writing to a connection that may have been closed before.
pub(super) enum Attempt {
    /// The connection was closed before anything was written: the request may go elsewhere.
    NotWritten(Failure),
    /// Over, with the connection if it can take another request.
    Done(Result<(Answer, Option<Connection>), Failure>),
}

/// Opens a connection.
pub(super) async fn open(target: SocketAddr) -> Result<Connection, Failure> {
    let stream = connect(target).await?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Failure::exchange(&error))?;
    tokio::spawn(async move {
        // An error reaches the request under way; without one it only says that the server closed.
        if let Err(error) = connection.await {
            tracing::trace!(%error, "connection ended");
        }
    });
    Ok(sender)
}

/// Opens a TCP connection.
pub(super) async fn connect(target: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(target).await.map_err(|error| Failure::connect(&error))?;
    stream.set_nodelay(true).map_err(|error| Failure::connect(&error))?;
    Ok(stream)
}

/// Whether a connection that rested can still be used, as far as the kernel knows by now.
///
/// Call [`let_news_in`] first.
pub(super) fn is_usable(connection: &Connection) -> bool {
    connection.is_ready() && !connection.is_closed()
}

/// Lets an end of stream that the kernel has already received reach the connections: yielding makes
/// the runtime poll the sockets and the connections' tasks before this one goes on.
pub(super) async fn let_news_in() {
    tokio::task::yield_now().await;
}

/// Sends the request and reads the whole answer.
pub(super) async fn exchange(mut connection: Connection, message: Message) -> Attempt {
    let response = match connection.try_send_request(message).await {
        Ok(response) => response,
        Err(mut error) => {
            let unwritten = error.take_message().is_some();
            let failure = Failure::exchange(&error.into_error());
            return if unwritten {
                Attempt::NotWritten(failure)
            } else {
                Attempt::Done(Err(failure))
            };
        }
    };
    let (head, body) = response.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Attempt::Done(Err(Failure::exchange(&error))),
    };
    let closing = head
        .headers
        .get_all(header::CONNECTION)
        .iter()
        .any(|value| value.as_bytes().eq_ignore_ascii_case(b"close"));
    let reusable = !closing && matches!(timeout(IDLE_AGAIN, connection.ready()).await, Ok(Ok(())));
    Attempt::Done(Ok((Answer { status: head.status, body }, reusable.then_some(connection))))
}
