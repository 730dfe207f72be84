//! An instance of the agent, and what belongs to it: shared by its course and its leaving.

use super::child::Child;
use super::poll;
use super::signals::Signals;
use super::state::SharedState;
use changeover::{Changeover, Error, Options};
use changeover_work::Sidecar;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// For how long the ledger may take to answer, all in all, before the agent goes on without.
pub(crate) const LEDGER_WAIT: Duration = Duration::from_secs(10);

/// What the agent is told.
pub(crate) struct Plan {
    pub(crate) options: Options,
    /// The process to start; empty: none.
    pub(crate) program: Vec<OsString>,
    /// Where the instance's id is written for a process that somebody else starts.
    pub(crate) instance_file: Option<PathBuf>,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) poll: Duration,
    /// For how long the process may end its work after it was told to stop.
    pub(crate) grace: Duration,
    /// For how long it goes on after the probe fails, so that those who send to it hear of it.
    pub(crate) delay: Duration,
    /// Serve at once, whether or not the release's steps are done.
    pub(crate) at_once: bool,
}

/// An instance and what belongs to it.
pub(crate) struct Life {
    pub(crate) plan: Plan,
    pub(crate) upgrade: Changeover,
    pub(crate) sidecar: Arc<Sidecar>,
    pub(crate) state: SharedState,
    pub(crate) signals: Signals,
    pub(crate) drain: CancellationToken,
}

impl Life {
    /// Settles now, not at the next poll.
    pub(crate) async fn settle(&self) {
        poll::note(within("settling", self.sidecar.settle()).await, &self.state);
    }
}

/// Asks the ledger, bounded.
pub(crate) async fn within<T>(
    what: &str,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::time::timeout(LEDGER_WAIT, asked).await.unwrap_or_else(|_elapsed| {
        let limit_ms = u64::try_from(LEDGER_WAIT.as_millis()).unwrap_or(u64::MAX);
        Err(Error::Deadline { what: what.to_owned(), limit_ms })
    })
}

/// The end of the process; never where there is none.
pub(crate) async fn ended(child: Option<&mut Child>) -> u8 {
    match child {
        Some(child) => child.ended().await,
        None => std::future::pending().await,
    }
}
