//! One connection: from a client to a pod, byte by byte, until both sides have ended.
//!
//! An end of one direction is passed on as an end of that direction (half close). When either side
//! breaks, the other gets a reset, so that neither takes a torn exchange for a complete one.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{io::copy_bidirectional, net::TcpStream, time::timeout};

/// Connects to the endpoint.
pub(super) async fn connect(endpoint: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
    let pod = timeout(limit, TcpStream::connect(endpoint))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    pod.set_nodelay(true)?;
    Ok(pod)
}

/// Copies in both directions until both have ended or one has broken.
pub(super) async fn copy(mut client: TcpStream, mut pod: TcpStream) {
    if let Err(error) = copy_bidirectional(&mut client, &mut pod).await {
        tracing::trace!(%error, "connection broke");
        reset(client);
        reset(pod);
    }
}

/// Closes with a reset instead of an orderly end.
pub(super) fn reset(stream: TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::debug!(%error, "could not arrange for a reset");
    }
    drop(stream);
}
