//! One running process of a release: registers, says that it lives, leaves.
//!
//! All through the ledger's functions, with the service's own role and also behind a pooler. The
//! database's clock decides who lives; a head below the floor is refused by the database.

mod heart;

use crate::connection::{self, Connection, Purpose};
use crate::error::{Error, SQLSTATE_BELOW_FLOOR, SQLSTATE_UNKNOWN_APP};
use crate::number::milliseconds;
use crate::options::Options;
use crate::own_connections::OwnConnections;
use crate::record::bigint;
use heart::Heart;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_postgres::types::Type;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// For how long leaving waits for the heartbeat that is under way.
const HEART_WAIT: std::time::Duration = std::time::Duration::from_secs(3);

/// In which state an instance is, as the ledger has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceState {
    /// Registered, not serving yet.
    Starting,
    /// Serving.
    Serving,
    /// Told to stop; finishing what runs.
    Draining,
}

impl InstanceState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Serving => "serving",
            Self::Draining => "draining",
        }
    }
}

/// What the ledger has of an instance, as far as we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The state that was written last.
    pub state: InstanceState,
    /// How often it was registered: more than once where it was given up and came back.
    pub registrations: u32,
    /// Whether it has left.
    pub left: bool,
}

/// A registered instance. Beats in the background until [`Instance::leave`].
pub struct Instance {
    id: Uuid,
    options: Arc<Options>,
    state: watch::Sender<InstanceState>,
    standing: watch::Sender<Standing>,
    stop: CancellationToken,
    heart: tokio::sync::Mutex<Option<tokio::task::JoinHandle<()>>>,
    own_connections: OwnConnections,
}

/// Why an instance must not go on.
pub type Refusal = watch::Receiver<Option<Arc<Error>>>;

impl Instance {
    /// Registers; fails with [`Error::BelowFloor`] where the floor has passed this release. The
    /// receiver says later that the floor has passed it.
    pub async fn register(options: Arc<Options>) -> Result<(Self, Refusal), Error> {
        let id = Uuid::new_v4();
        let connection = open(&options).await?;
        register(&connection, &options, id).await?;
        let (state, states) = watch::channel(InstanceState::Starting);
        let (refused, refusal) = watch::channel(None);
        let standing = watch::Sender::new(Standing {
            state: InstanceState::Starting,
            registrations: 1,
            left: false,
        });
        let stop = CancellationToken::new();
        let heart = Heart {
            id,
            options: Arc::clone(&options),
            states,
            standing: standing.clone(),
            refused,
            stop: stop.clone(),
        };
        let heart = tokio::sync::Mutex::new(Some(tokio::spawn(heart.run(connection))));
        let own_connections = OwnConnections::of_an_instance();
        Ok((Self { id, options, state, standing, stop, heart, own_connections }, refusal))
    }

    /// The instance's id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The options of its release.
    pub fn options(&self) -> &Arc<Options> {
        &self.options
    }

    /// How many connections the engine has of its own, beside the service's pool.
    pub fn own_connections(&self) -> &OwnConnections {
        &self.own_connections
    }

    /// Says in which state it is, in the ledger at once, not with the next beat.
    pub async fn set_state(&self, state: InstanceState) -> Result<(), Error> {
        self.state.send_replace(state);
        let connection = open(&self.options).await?;
        beat(&connection, &self.options, self.id, state).await?;
        self.standing.send_modify(|standing| standing.state = state);
        Ok(())
    }

    /// In which state it is meant to be.
    pub fn state(&self) -> InstanceState {
        *self.state.borrow()
    }

    /// What the ledger has of it, and when that changes.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Leaves the registry.
    pub async fn leave(&self) -> Result<(), Error> {
        self.stop.cancel();
        // A beat under way must not come after our leaving: it would find us gone and register again.
        if let Some(heart) = self.heart.lock().await.take()
            && tokio::time::timeout(HEART_WAIT, heart).await.is_err()
        {
            tracing::warn!("the last heartbeat has not ended in time");
        }
        let connection = open(&self.options).await?;
        connection
            .client
            .query_typed("SELECT changeover.leave($1)", &[(&self.id, Type::UUID)])
            .await
            .map_err(|source| Error::sql("leaving the registry", source))?;
        self.standing.send_modify(|standing| standing.left = true);
        Ok(())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn open(options: &Options) -> Result<Connection, Error> {
    open_for(options, Purpose::Service).await
}

/// A connection of the service, as which it may call the ledger's functions.
pub async fn open_for(options: &Options, purpose: Purpose) -> Result<Connection, Error> {
    let url = options.service_url.as_ref().or(options.owner_url.as_ref()).ok_or_else(|| {
        Error::Invalid("neither a service's nor an owner's connection string was given".to_owned())
    })?;
    connection::open(url, &options.application_name(), purpose).await
}

async fn register(connection: &Connection, options: &Options, id: Uuid) -> Result<(), Error> {
    let ttl_ms = milliseconds(options.timing.instance_ttl);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let pid = i32::try_from(std::process::id()).unwrap_or(0);
    connection
        .client
        // Typed, so that no named statement is left behind on a pooled connection.
        .query_typed(
            "SELECT changeover.register($1, $2, $3, $4, $5, $6, $7)",
            &[
                (&id, Type::UUID),
                (&options.app, Type::TEXT),
                (&options.release, Type::TEXT),
                (&bigint(options.head()), Type::INT8),
                (&ttl_ms, Type::INT8),
                (&host.trim(), Type::TEXT),
                (&pid, Type::INT4),
            ],
        )
        .await
        .map_err(|source| meaning(options, source, "registering"))?;
    Ok(())
}

async fn beat(
    connection: &Connection,
    options: &Options,
    id: Uuid,
    state: InstanceState,
) -> Result<(), Error> {
    connection
        .client
        .query_typed(
            "SELECT changeover.heartbeat($1, $2)",
            &[(&id, Type::UUID), (&state.as_str(), Type::TEXT)],
        )
        .await
        .map_err(|source| meaning(options, source, "the heartbeat"))?;
    Ok(())
}

/// Gives the ledger's own SQLSTATEs their meaning.
pub fn meaning(options: &Options, source: tokio_postgres::Error, action: &str) -> Error {
    let code = source.code().map(|code| code.code().to_owned()).unwrap_or_default();
    match code.as_str() {
        SQLSTATE_BELOW_FLOOR => Error::BelowFloor {
            release: options.release.clone(),
            head: options.head(),
            floor: floor_in(&source).unwrap_or(0),
            app: options.app.clone(),
        },
        // No such application, no such schema, no such function.
        SQLSTATE_UNKNOWN_APP | "3F000" | "42883" => Error::NoLedger,
        _ => Error::sql(action, source),
    }
}

/// The floor that the refusal names, in its detail: a JSON object.
fn floor_in(source: &tokio_postgres::Error) -> Option<u64> {
    let detail: serde_json::Value = serde_json::from_str(source.as_db_error()?.detail()?).ok()?;
    detail.get("floor")?.as_u64()
}
