//! What every handler gets: the release, the pool, and where the instance is in its life.

use super::sensor_stream::StreamBook;
use crate::{
    database::{Pool, StatementMode},
    policies::Policies,
    release::Release,
    upgrade::Upgrade,
};
use changeover::LatencyRecorder;
use std::sync::Arc;
use tokio::sync::watch;
use uuid::Uuid;

/// Where an instance is in its life. Only ever goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lifecycle {
    /// The migrations that it needs are not all done: the API answers 503.
    Starting,
    /// Serves and is ready.
    Serving,
    /// Serves all that come, but is not ready: no endpoint for new clients.
    Draining,
}

/// Shared by all handlers of one instance.
#[derive(Clone, Debug)]
pub struct ServiceState {
    /// The release that is served.
    pub release: &'static Release,
    /// Connections of the service role.
    pub pool: Pool,
    /// The policies for builds.
    pub policies: Policies,
    /// How statements are sent on them.
    pub statement_mode: StatementMode,
    /// This process.
    pub instance_id: Uuid,
    /// Where it is in its life.
    pub lifecycle: watch::Receiver<Lifecycle>,
    /// Tells which columns are filled.
    pub upgrade: Arc<Upgrade>,
    /// How long requests take: what runs long in the database gives way by it.
    pub latency: Arc<LatencyRecorder>,
    /// The sensors' streams that this instance holds.
    pub streams: Arc<StreamBook>,
}
