//! Connections to PostgreSQL: the service's pool, and single connections for the owner's work.
//!
//! The pool logs in as the service role. `application_name` begins with `changeover@HEAD/`, by which
//! the database knows which head a writer has; it goes into the startup packet, because a `SET` would
//! leak through a pooler. The statement timeout belongs to the role (see [`crate::roles`]).
//!
//! Invariants: every wait for a connection is bounded; nothing here is set for a whole session, so
//! that the service's connections may go through a pooler ([`StatementMode`]).

mod pool;
mod statement_mode;

pub use pool::{Pool, PoolError, PooledClient};
pub(crate) use statement_mode::Parameter;
pub use statement_mode::StatementMode;

use crate::{error::CentralError, release::Release, settings};
use changeover::{Address, Admission};
use changeover_share::connection_share::ConnectionShare;
use deadpool::managed::{Hook, HookError};
use std::time::Duration;
use tokio_postgres::Client;

/// How long who is patient waits for a free connection: sensors' streams, which hold back what they send, and
/// background loops. The same for opening one.
const POOL_WAIT: Duration = Duration::from_secs(5);

/// How long looking at a connection that comes back may take.
const RECYCLE_WAIT: Duration = Duration::from_secs(5);

/// How far a pool goes.
#[derive(Clone, Copy, Debug)]
pub struct PoolBounds {
    /// At most so many connections.
    pub connections_max: usize,
    /// How long a request waits for one.
    pub wait: Duration,
    /// At most so many wait at once; one more is turned away at once.
    pub waiting_max: usize,
}

impl PoolBounds {
    /// So many connections, with the usual waits.
    pub fn of(connections_max: usize) -> Self {
        Self { connections_max, wait: settings::POOL_WAIT, waiting_max: settings::POOL_WAITING_MAX }
    }
}

/// The `application_name` of a release's connections.
pub fn application_name(release: &Release) -> String {
    format!("changeover@{}/central/{}", release.head, release.name)
}

/// Builds the pool of the service role. Connects to nothing yet. With `admission` each connection is
/// refused once the floor has passed this release; with a `share` there are never more than that allows.
///
/// # Errors
/// When the address is malformed.
pub fn pool(
    url: &str,
    release: &Release,
    bounds: PoolBounds,
    admission: Option<Admission>,
    share: Option<ConnectionShare>,
) -> Result<Pool, CentralError> {
    let address = Address::read(url)?;
    Pool::build(address, application_name(release), bounds, admission.map(admit), share)
        .map_err(CentralError::Pool)
}

/// Says of each new connection to which instance it belongs; one that is refused is not used.
fn admit(admission: Admission) -> Hook<pool::Opener> {
    Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
        let admission = admission.clone();
        Box::pin(async move {
            admission
                .admit(client)
                .await
                .map_err(|error| HookError::message(changeover::chain(&error)))
        })
    })
}

/// Opens one connection outside of the pool; its background task ends with the client.
///
/// # Errors
/// When the address is malformed or nobody answers.
pub async fn connect(
    url: &str,
    application_name: &str,
    purpose: &'static str,
) -> Result<Client, CentralError> {
    let reached = Address::read(url)?
        .connect(application_name)
        .await
        .map_err(|source| CentralError::Connect { purpose, source })?;
    tokio::spawn(async move {
        if let Err(error) = reached.link.await {
            tracing::debug!(error = changeover::chain(&error), purpose, "a connection ended");
        }
    });
    Ok(reached.client)
}
