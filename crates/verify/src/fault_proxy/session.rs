//! One connection through the proxy: two pumps, and the order to cut.

use super::{Mode, Orders};
use std::io::{Error, ErrorKind};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// How much is read at once: more than most messages of the protocol.
const BUFFER_BYTES: usize = 16 * 1024;

/// Forwards until both sides have ended or the connection is cut; then both are reset.
pub(super) async fn run(
    mut client: TcpStream,
    mut server: TcpStream,
    mut orders: Orders,
) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let outcome = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let forth = pump(from_client, to_server, orders.clone());
        let back = pump(from_server, to_client, orders.clone());
        tokio::select! {
            outcome = async { tokio::try_join!(forth, back) } => outcome.map(|((), ())| ()),
            error = cut(&mut orders) => Err(error),
        }
    };
    if outcome.is_err() {
        // The one that waits is to hear of it at once, and not as of an orderly end.
        client.set_zero_linger()?;
        server.set_zero_linger()?;
    }
    outcome
}

/// Waits while the proxy hangs; fails where it is cut meanwhile, or gone.
pub(super) async fn passing(orders: &mut Orders) -> std::io::Result<()> {
    let Orders { mode, cuts } = orders;
    tokio::select! {
        outcome = mode.wait_for(|mode| *mode == Mode::Pass) => match outcome {
            Ok(_pass) => Ok(()),
            Err(_gone) => Err(reset()),
        },
        _ = cuts.changed() => Err(reset()),
    }
}

async fn cut(orders: &mut Orders) -> Error {
    // An error means that the proxy is gone, which cuts too.
    orders.cuts.changed().await.ok();
    reset()
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut orders: Orders,
) -> std::io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    // Ends with the connection.
    loop {
        let bytes = from.read(&mut buffer).await?;
        passing(&mut orders).await?;
        if bytes == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..bytes]).await?;
    }
}

fn reset() -> Error {
    Error::from(ErrorKind::ConnectionReset)
}
