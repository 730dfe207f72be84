//! A TCP proxy in this process that can do to connections what networks do: cut them, or let them
//! hang, with nobody told. For anything between a client and a throw-away server.
//!
//! Called by `cargo xtask faults` and tests. While it hangs, nothing is forwarded in either direction,
//! not even the end of a connection, and new connections are taken and not answered: so it looks like
//! a partition. What was held back goes through once it is healed. [`FaultProxy::redirect`] is what
//! a name that moves to a promoted standby does: connections that stand stay where they are.

mod session;

use crate::error::VerifyError;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What becomes of connections now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everything is forwarded.
    Pass,
    /// Nothing is forwarded, nothing is closed.
    Hang,
}

/// What all sessions look at.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    mode: watch::Receiver<Mode>,
    /// Grows with each cut; a session begun under a lower number ends.
    cuts: watch::Receiver<u64>,
}

/// The proxy; it ends, with all its connections, when dropped.
#[derive(Debug)]
pub struct FaultProxy {
    port: u16,
    mode: watch::Sender<Mode>,
    cuts: watch::Sender<u64>,
    target: watch::Sender<SocketAddr>,
    live: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl FaultProxy {
    /// Listens on a free port of 127.0.0.1 and forwards to `target_port` there.
    ///
    /// # Errors
    /// When no port is to be had.
    pub async fn start(target_port: u16) -> Result<Self, VerifyError> {
        let proxy = |source| VerifyError::Proxy { source };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(proxy)?;
        let port = listener.local_addr().map_err(proxy)?.port();
        let (mode, mode_seen) = watch::channel(Mode::Pass);
        let (cuts, cuts_seen) = watch::channel(0);
        let (target, target_seen) = watch::channel(local(target_port));
        let live = Arc::new(AtomicUsize::new(0));
        let orders = Orders { mode: mode_seen, cuts: cuts_seen };
        let accepting = tokio::spawn(accept(listener, orders, target_seen, Arc::clone(&live)));
        Ok(Self { port, mode, cuts, target, live, accepting })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Resets all connections that stand; new ones are taken.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Stops forwarding in both directions and closes nothing.
    pub fn hang(&self) {
        self.mode.send_replace(Mode::Hang);
    }

    /// Forwards again.
    pub fn heal(&self) {
        self.mode.send_replace(Mode::Pass);
    }

    /// Sends new connections to another port.
    pub fn redirect(&self, target_port: u16) {
        self.target.send_replace(local(target_port));
    }

    /// How many connections stand.
    pub fn live(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Takes connections until aborted. How many: as many as the server behind it allows.
async fn accept(
    listener: TcpListener,
    mut orders: Orders,
    target: watch::Receiver<SocketAddr>,
    live: Arc<AtomicUsize>,
) {
    loop {
        let client = match listener.accept().await {
            Ok((client, _from)) => client,
            Err(error) => {
                tracing::warn!(%error, "the proxy takes no connection");
                continue;
            }
        };
        // Cuts from before concern only those who were there.
        orders.cuts.mark_unchanged();
        let (orders, target, live) = (orders.clone(), *target.borrow(), Arc::clone(&live));
        tokio::spawn(async move {
            live.fetch_add(1, Ordering::Relaxed);
            if let Err(error) = serve(client, target, orders).await {
                tracing::debug!(%error, "a connection through the proxy ended");
            }
            live.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// A server that is not there resets the client, as it would without us.
async fn serve(client: TcpStream, target: SocketAddr, mut orders: Orders) -> std::io::Result<()> {
    session::passing(&mut orders).await?;
    match TcpStream::connect(target).await {
        Ok(server) => session::run(client, server, orders).await,
        Err(error) => {
            client.set_zero_linger()?;
            Err(error)
        }
    }
}
