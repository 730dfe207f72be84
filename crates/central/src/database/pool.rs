//! The service's pool: as many connections as this instance's share allows, which may change.
//!
//! A caller that wants a connection first gets in by a gate as wide as the share, and each connection that is
//! opened takes a permit of the share until the server has nothing of it any more. When the share
//! shrinks, nobody who has a connection is cut; what is idle beyond the share is closed, and what is in
//! use when it comes back. A server that has no room for a connection is asked again until the wait is
//! over: others may be about to give theirs back.
//!
//! Nobody queues for long: a request that gets no connection within its bound, or finds too many waiting
//! before it, is turned away. Opening a connection goes on when the one that asked for it has given up, or a
//! server that opens them slowly would never have any.

mod opener;

pub(super) use opener::Opener;

use super::{POOL_WAIT, PoolBounds, RECYCLE_WAIT};
use changeover::{Address, ConnectError};
use changeover_share::connection_share::{ConnectionShare, Gate, Permit};
use deadpool::Runtime;
use deadpool::managed::{BuildError, Hook, Object, TimeoutType, Timeouts};
use deadpool_postgres::ClientWrapper;
use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Mutex, task::AbortHandle};

/// Why there is no connection to be had from the pool.
pub type PoolError = deadpool::managed::PoolError<ConnectError>;

/// How many connections are opened before requests come: what a small load needs. The others are opened when
/// they are asked for.
const OPENED_FIRST: usize = 2;
/// How often is looked for connections that have come back while there are more than the share.
const TEND_PAUSE: Duration = Duration::from_millis(20);

/// A pool of the service role; cheap to clone.
#[derive(Clone, Debug)]
pub struct Pool {
    connections: deadpool::managed::Pool<Opener>,
    users: Gate,
    bounds: PoolBounds,
    waiting: Arc<AtomicUsize>,
    _tending: Option<Arc<Tending>>,
}

/// A connection of the pool; goes back when dropped.
#[derive(Debug)]
pub struct PooledClient {
    client: Object<Opener>,
    _user: Permit,
}

impl Deref for PooledClient {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        &self.client
    }
}

impl DerefMut for PooledClient {
    fn deref_mut(&mut self) -> &mut ClientWrapper {
        &mut self.client
    }
}

impl Pool {
    /// Builds it; connects to nothing yet. Without a share there are as many as the bounds allow.
    pub(super) fn build(
        address: Address,
        application_name: String,
        bounds: PoolBounds,
        admit: Option<Hook<Opener>>,
        share: Option<ConnectionShare>,
    ) -> Result<Self, BuildError> {
        let PoolBounds { connections_max, .. } = bounds;
        let gate = share.as_ref().map(|share| share.gate().clone());
        let opener = Opener { address, application_name, gate, opening: Mutex::default() };
        let mut builder = deadpool::managed::Pool::builder(opener);
        if let Some(admit) = admit {
            builder = builder.post_create(admit);
        }
        let connections = builder
            .max_size(connections_max)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: Some(POOL_WAIT),
                create: Some(POOL_WAIT),
                recycle: Some(RECYCLE_WAIT),
            })
            .build()?;
        let users = Gate::new(connections_max);
        let tending = share.map(|share| {
            users.set_limit(share.gate().limit().min(connections_max));
            let task = tend(connections.clone(), users.clone(), share, connections_max);
            Arc::new(Tending(tokio::spawn(task).abort_handle()))
        });
        Ok(Self { connections, users, bounds, waiting: Arc::default(), _tending: tending })
    }

    /// A connection for a request; waits for it no longer than clients should.
    ///
    /// # Errors
    /// When none is free in time, too many wait already, or none can be opened.
    pub async fn get(&self) -> Result<PooledClient, PoolError> {
        let waiting = Waiting(Arc::clone(&self.waiting));
        if waiting.0.fetch_add(1, Ordering::Relaxed) >= self.bounds.waiting_max {
            return Err(PoolError::Timeout(TimeoutType::Wait));
        }
        self.get_within(self.bounds.wait).await
    }

    /// A connection for who may wait for some seconds.
    ///
    /// # Errors
    /// When none is free in time, or none can be opened.
    pub async fn get_patiently(&self) -> Result<PooledClient, PoolError> {
        self.get_within(POOL_WAIT).await
    }

    async fn get_within(&self, wait: Duration) -> Result<PooledClient, PoolError> {
        let getting = async {
            let user = self.users.enter().await;
            let connections = self.connections.clone();
            let is_there = connections.status().available > 0;
            let get =
                async move { Ok(PooledClient { client: connections.get().await?, _user: user }) };
            if is_there {
                return get.await;
            }
            // A runtime that ends drops the one that asks as well.
            tokio::spawn(get).await.unwrap_or(Err(PoolError::Closed))
        };
        tokio::time::timeout(wait, getting)
            .await
            .unwrap_or(Err(PoolError::Timeout(TimeoutType::Wait)))
    }

    /// Opens the first connections, so that the first requests find some.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub async fn open_first(&self) -> Result<(), PoolError> {
        let mut first = Vec::new();
        while first.len() < OPENED_FIRST.min(self.limit()) {
            first.push(self.get_patiently().await?);
        }
        Ok(())
    }

    /// How many requests are waiting for a connection.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many connections there are, idle ones and those in use.
    pub fn size(&self) -> usize {
        self.connections.status().size
    }

    /// How many there may be at present.
    pub fn limit(&self) -> usize {
        self.users.limit()
    }

    /// Closes what is idle, and what is in use when it comes back.
    pub fn close(&self) {
        self.connections.close();
    }
}

/// Counts a request as waiting until it is dropped.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct Tending(AbortHandle);

impl Drop for Tending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Follows the share, as long as there is a pool.
async fn tend(
    connections: deadpool::managed::Pool<Opener>,
    users: Gate,
    share: ConnectionShare,
    connections_max: usize,
) {
    loop {
        let limit = share.gate().limit().min(connections_max);
        users.set_limit(limit);
        let mut beyond = connections.status().size.saturating_sub(limit);
        if beyond == 0 {
            share.changed().await;
            continue;
        }
        connections.retain(|_, _| {
            let stays = beyond == 0;
            beyond = beyond.saturating_sub(1);
            stays
        });
        tokio::time::sleep(TEND_PAUSE).await;
    }
}
