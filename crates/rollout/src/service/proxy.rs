//! [`Service`]: accepts, picks an endpoint, forwards; counts.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

use super::{endpoints::Endpoints, forward, spec::ServiceSpec};

/// As large as the kernel usually allows: the accept queue must not be what refuses clients.
const BACKLOG: u32 = 4096;
/// Pause after a failed accept (out of file descriptors, say), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// A Service. Dropping it closes its port and all its connections.
pub struct Service {
    address: SocketAddr,
    endpoints: Arc<Endpoints>,
    counters: Arc<Counters>,
    _tasks: [AbortOnDropHandle<()>; 2],
}

/// What a service has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceStats {
    /// Connections accepted from clients.
    pub accepted: u64,
    /// Of these, reset because no endpoint was known.
    pub failed_no_endpoint: u64,
    /// Of these, reset because the endpoint did not take the connection.
    pub failed_connect: u64,
    /// Open now.
    pub open: u64,
}

#[derive(Default)]
struct Counters {
    accepted: AtomicU64,
    failed_no_endpoint: AtomicU64,
    failed_connect: AtomicU64,
    open: AtomicU64,
}

impl Service {
    /// Opens the port. `endpoints` is the truth, as from
    /// [`Deployment::endpoints`](crate::deployment::Deployment::endpoints); what it holds now is
    /// known at once, what changes is known late. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn start(
        spec: ServiceSpec,
        mut endpoints: watch::Receiver<Vec<SocketAddr>>,
    ) -> io::Result<Service> {
        let socket = match spec.listen {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        socket.bind(spec.listen)?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let known = endpoints.borrow_and_update().clone();
        let known = Arc::new(Endpoints::new(spec.balance, known));
        let counters = Arc::new(Counters::default());

        let (follower, delay) = (known.clone(), spec.propagation_delay);
        let following = tokio::spawn(async move { follower.follow(endpoints, delay).await });
        let limit = spec.connect_timeout;
        let accepting = tokio::spawn(accept(listener, known.clone(), counters.clone(), limit));
        Ok(Service {
            address,
            endpoints: known,
            counters,
            _tasks: [following, accepting].map(AbortOnDropHandle::new),
        })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The endpoints as the service knows them now.
    pub fn known_endpoints(&self) -> Vec<SocketAddr> {
        self.endpoints.all()
    }

    /// What it has done so far.
    pub fn stats(&self) -> ServiceStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ServiceStats {
            accepted: read(&self.counters.accepted),
            failed_no_endpoint: read(&self.counters.failed_no_endpoint),
            failed_connect: read(&self.counters.failed_connect),
            open: read(&self.counters.open),
        }
    }
}

async fn accept(
    listener: TcpListener,
    endpoints: Arc<Endpoints>,
    counters: Arc<Counters>,
    connect_timeout: Duration,
) {
    // Bounded by the clients' own bound on connections and by the limit of open files.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((client, _)) => {
                counters.accepted.fetch_add(1, Ordering::Relaxed);
                let endpoint = endpoints.next();
                connections.spawn(serve(client, endpoint, counters.clone(), connect_timeout));
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve(
    client: TcpStream,
    endpoint: Option<SocketAddr>,
    counters: Arc<Counters>,
    connect_timeout: Duration,
) {
    let Some(endpoint) = endpoint else {
        counters.failed_no_endpoint.fetch_add(1, Ordering::Relaxed);
        return forward::reset(client);
    };
    let pod = match forward::connect(endpoint, connect_timeout).await {
        Ok(pod) => pod,
        Err(error) => {
            tracing::debug!(%error, %endpoint, "could not connect to an endpoint");
            counters.failed_connect.fetch_add(1, Ordering::Relaxed);
            return forward::reset(client);
        }
    };
    if let Err(error) = client.set_nodelay(true) {
        tracing::debug!(%error, "could not turn off Nagle's algorithm");
    }
    counters.open.fetch_add(1, Ordering::Relaxed);
    forward::copy(client, pod).await;
    counters.open.fetch_sub(1, Ordering::Relaxed);
}
