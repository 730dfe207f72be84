//! One HTTP probe, done as the kubelet does: a new connection, GET, 200 to 399 is a success.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, header, http};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

/// The kubelet reads at most 10 KiB of the answer as well.
const BODY_BYTES_MAX: usize = 10 * 1024;

/// Why a probe failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    #[error("could not connect")]
    Connect(#[source] std::io::Error),
    #[error("connection broke")]
    Http(#[from] hyper::Error),
    #[error("not a path")]
    Path(#[from] http::Error),
    #[error("answered {0}")]
    Status(http::StatusCode),
}

/// Asks once.
pub(crate) async fn ask(
    address: SocketAddr,
    path: &str,
    limit: Duration,
) -> Result<(), ProbeError> {
    timeout(limit, get(address, path)).await.unwrap_or(Err(ProbeError::TimedOut(limit)))
}

async fn get(address: SocketAddr, path: &str) -> Result<(), ProbeError> {
    let stream = TcpStream::connect(address).await.map_err(ProbeError::Connect)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get(path)
        .header(header::HOST, address.to_string())
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())?;
    let exchange = async move {
        let response = sender.send_request(request).await?;
        let status = response.status();
        // The text is of no use here; reading it lets the pod see an orderly end.
        if let Err(error) = Limited::new(response.into_body(), BODY_BYTES_MAX).collect().await {
            tracing::debug!(%error, "probe answer cut short");
        }
        Ok(status)
    };
    // The connection must be polled for the exchange to advance, and may end first.
    let (status, ended) = tokio::join!(exchange, connection);
    if let Err(error) = ended {
        tracing::trace!(%error, "probe connection ended");
    }
    let status: Result<http::StatusCode, hyper::Error> = status;
    match status? {
        status if (200..400).contains(&status.as_u16()) => Ok(()),
        status => Err(ProbeError::Status(status)),
    }
}
