//! What an instance is started with: by `command/serve.rs` from its arguments, by tests directly.
//!
//! The settings of each part stand here and not beside the part, since the whole of them is handed to parts
//! that know nothing of each other.

use crate::{database::StatementMode, release::Release, worker::WorkerSettings};
use std::{net::SocketAddr, time::Duration};

/// What an instance is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The release that is served.
    pub release: &'static Release,
    /// Where to listen; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// The service role's connection.
    pub database_url: String,
    /// The owner's connection; only needed where migrations are run.
    pub owner_url: Option<String>,
    /// How migrations are run.
    pub upgrade: UpgradeMode,
    /// How many connections the pool wants; it gets no more than this instance's share.
    pub pool_connections_max: usize,
    /// How long a request waits for a connection of the pool before it is turned away.
    pub pool_wait: Duration,
    /// How many requests may wait for one; one more is turned away at once.
    pub pool_waiting_max: usize,
    /// What all instances together may have; `None`: what the server allows.
    pub connection_budget: Option<usize>,
    /// The service role's connection past every pooler, for hearing of others' writes at once.
    pub listen_url: Option<String>,
    /// How the pool's statements are sent.
    pub statement_mode: StatementMode,
    /// How long each part of leaving takes.
    pub drain: DrainTiming,
    /// How often clusters' health is written, and when it is given up.
    pub health: HealthTiming,
    /// Background work, where the library runs the upgrade; none: nothing runs in the background.
    pub workers: Option<WorkerSettings>,
    /// For fault tests; nothing by default.
    pub trial: Trial,
}

/// How long a request waits for a connection by default: what a person takes for an outage, and longer than
/// any lock that an upgrade holds. Who waits longer is better served elsewhere, or later.
pub const POOL_WAIT: Duration = Duration::from_secs(1);

/// How many requests may wait by default: what comes in within [`POOL_WAIT`] at a thousand a second.
pub const POOL_WAITING_MAX: usize = 1_000;

/// How migrations are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum UpgradeMode {
    /// Online, by the library: older releases go on serving.
    Changeover,
    /// The files one after the other, before serving, as ACS does today.
    InOneGo,
    /// Not at all.
    None,
}

/// How long the parts of a drain take.
#[derive(Clone, Copy, Debug)]
pub struct DrainTiming {
    /// From not ready until nobody sends new connections here: the time that endpoints take to
    /// propagate, and a probe's period before that.
    pub propagation: Duration,
    /// From not ready until idle connections are closed. Longer than the pause after which clients
    /// use a connection again.
    pub idle: Duration,
    /// What a connection that was accepted last has for its first request.
    pub fresh: Duration,
    /// What sensors' streams have for their end, from GOAWAY on.
    pub streams: Duration,
    /// What requests in flight have for their end.
    pub in_flight: Duration,
    /// What background work has for being handed over, from not ready on.
    pub workers: Duration,
    /// What connections to the database have for coming back. All parts together must stay below the
    /// grace after which the process is killed (30 s by default in Kubernetes).
    pub pool: Duration,
}

impl DrainTiming {
    /// What fits Kubernetes' grace.
    pub const DEFAULT: Self = Self {
        propagation: Duration::from_secs(3),
        idle: Duration::from_secs(4),
        fresh: Duration::from_millis(300),
        streams: Duration::from_secs(5),
        in_flight: Duration::from_secs(10),
        workers: Duration::from_secs(10),
        pool: Duration::from_secs(2),
    };
}

impl Default for DrainTiming {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How often health is written, and when it is given up.
#[derive(Clone, Copy, Debug)]
pub struct HealthTiming {
    /// Between two rounds; what changes is written at once.
    pub period: Duration,
    /// A cluster of which nothing was heard for so long is inactive. Longer than a sensor takes to get
    /// from one instance to the next, also where that one is just starting.
    pub inactive_after: Duration,
}

impl Default for HealthTiming {
    fn default() -> Self {
        Self { period: Duration::from_secs(5), inactive_after: Duration::from_secs(60) }
    }
}

/// What fault tests ask of an instance's upgrade.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// For how long a term is granted.
    pub lease: Option<Duration>,
    /// After how long without a heartbeat an instance counts as gone.
    pub instance_ttl: Option<Duration>,
    /// Rows of every batch, whatever the time that it takes.
    pub batch_rows: Option<u32>,
    /// The pause after a batch, as a share of the time it took.
    pub rest_ratio: Option<f64>,
    /// Each guarded transaction says in the write-ahead log under which term it was begun.
    pub label_commits: bool,
    /// Clusters' health is written as ACS does: by every instance, of every cluster, no matter who holds its
    /// stream.
    pub health_unguarded: bool,
}
