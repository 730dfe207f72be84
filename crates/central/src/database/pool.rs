//! The service's pool: as many connections as this instance's share allows, which may change.
//!
//! Whoever wants a connection first gets in by a gate as wide as the share, and each connection that is
//! opened takes a permit of the share until the server has nothing of it any more. When the share
//! shrinks, nobody who has a connection is cut; what is idle beyond the share is closed, and what is in
//! use when it comes back. A server that has no room for a connection is asked again until the wait is
//! over: others may be about to give theirs back.

use super::{CONNECT_TIMEOUT, POOL_WAIT};
use changeover_share::connection_share::{ConnectionShare, Gate, Permit};
use deadpool_postgres::{
    Client, Connect, Hook, Manager, ManagerConfig, PoolError, RecyclingMethod, Runtime,
    TimeoutType, Timeouts,
};
use rand::Rng;
use std::{
    future::Future,
    ops::{Deref, DerefMut},
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tokio::task::{AbortHandle, JoinHandle};
use tokio_postgres::{Config, Error, NoTls, error::SqlState};

/// The first pause before a full server is asked again; doubles, ± half.
const FULL_PAUSE: Duration = Duration::from_millis(20);
/// The longest.
const FULL_PAUSE_MAX: Duration = Duration::from_millis(500);
/// For how long a permit outlives its connection: the server needs a moment to end a session.
const SESSION_END: Duration = Duration::from_millis(100);
/// How often is looked for connections that have come back while there are more than the share.
const TEND_PAUSE: Duration = Duration::from_millis(20);

/// A pool of the service role; cheap to clone.
#[derive(Clone, Debug)]
pub struct Pool {
    connections: deadpool_postgres::Pool,
    users: Gate,
    _tending: Option<Arc<Tending>>,
}

/// A connection of the pool; goes back when dropped.
#[derive(Debug)]
pub struct PooledClient {
    client: Client,
    _user: Permit,
}

impl Deref for PooledClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for PooledClient {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Pool {
    /// Builds it; connects to nothing yet. Without a share there are `connections_max`.
    pub(super) fn build(
        config: Config,
        connections_max: usize,
        admit: Option<Hook>,
        share: Option<ConnectionShare>,
    ) -> Result<Self, deadpool_postgres::BuildError> {
        let settings = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let gate = share.as_ref().map(|share| share.gate().clone());
        let manager = Manager::from_connect(config, Opener { gate }, settings);
        let mut builder = deadpool_postgres::Pool::builder(manager);
        if let Some(admit) = admit {
            builder = builder.post_create(admit);
        }
        let connections = builder
            .max_size(connections_max)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: Some(POOL_WAIT),
                create: Some(POOL_WAIT),
                recycle: Some(CONNECT_TIMEOUT),
            })
            .build()?;
        let users = Gate::new(connections_max);
        let tending = share.map(|share| {
            users.set_limit(share.gate().limit().min(connections_max));
            let task = tend(connections.clone(), users.clone(), share, connections_max);
            Arc::new(Tending(tokio::spawn(task).abort_handle()))
        });
        Ok(Self { connections, users, _tending: tending })
    }

    /// A connection; waits for it within bounds.
    ///
    /// # Errors
    /// When none is free in time, or none can be opened.
    pub async fn get(&self) -> Result<PooledClient, PoolError> {
        let getting = async {
            let user = self.users.enter().await;
            Ok(PooledClient { client: self.connections.get().await?, _user: user })
        };
        tokio::time::timeout(POOL_WAIT, getting)
            .await
            .unwrap_or(Err(PoolError::Timeout(TimeoutType::Wait)))
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

#[derive(Debug)]
struct Tending(AbortHandle);

impl Drop for Tending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Follows the share, as long as there is a pool.
async fn tend(
    connections: deadpool_postgres::Pool,
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

/// Opens connections within the share, and again where the server is full.
struct Opener {
    gate: Option<Gate>,
}

type Opened = Result<(tokio_postgres::Client, JoinHandle<()>), Error>;

impl Connect for Opener {
    fn connect(&self, config: &Config) -> Pin<Box<dyn Future<Output = Opened> + Send + '_>> {
        let config = config.clone();
        Box::pin(async move {
            let permit = match &self.gate {
                Some(gate) => Some(Lingering(Some(gate.enter().await))),
                None => None,
            };
            let (client, connection) = until_there_is_room(&config).await?;
            let task = tokio::spawn(async move {
                let _held = permit;
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection of the pool ended");
                }
            });
            Ok((client, task))
        })
    }
}

/// Connects; bounded by the pool, which waits no longer than [`POOL_WAIT`].
async fn until_there_is_room(
    config: &Config,
) -> Result<(tokio_postgres::Client, impl Future<Output = Result<(), Error>> + Send + use<>), Error>
{
    let mut pause = FULL_PAUSE;
    loop {
        match config.connect(NoTls).await {
            Ok(opened) => return Ok(opened),
            Err(error) if is_full(&error) => {
                tracing::debug!(%error, "the server has no connection left; trying again");
                let factor = rand::rng().random_range(0.5..1.5);
                tokio::time::sleep(pause.mul_f64(factor)).await;
                pause = (pause * 2).min(FULL_PAUSE_MAX);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether the server, the database or the role has as many connections as it may. Poolers say so
/// without the right SQLSTATE.
fn is_full(error: &Error) -> bool {
    error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS)
        || error.as_db_error().is_some_and(|error| {
            let message = error.message();
            message.contains("remaining connection slots are reserved")
                || message.contains("too many connections")
                || message.contains("too many clients")
        })
}

/// A permit that is given back a moment after its connection has ended.
struct Lingering(Option<Permit>);

impl Drop for Lingering {
    fn drop(&mut self) {
        // Without a runtime the process ends.
        if let (Some(permit), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(async move {
                tokio::time::sleep(SESSION_END).await;
                drop(permit);
            });
        }
    }
}
