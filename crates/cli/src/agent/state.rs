//! What `/status` and `/instance` answer from; never asks the database.

use serde::Serialize;
use tokio::sync::watch;
use uuid::Uuid;

/// Where the agent is in its course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Registered; the release may not serve yet.
    Waiting,
    /// Serving.
    Serving,
    /// On the way out.
    Draining,
}

/// An instance as its agent sees it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct State {
    pub(crate) instance: Uuid,
    pub(crate) app: String,
    pub(crate) release: String,
    pub(crate) head: u64,
    pub(crate) generation: i64,
    pub(crate) stage: Stage,
    /// The process, while it runs.
    pub(crate) child_pid: Option<i32>,
    /// Why the last poll failed; `None`: it did not.
    pub(crate) poll_error: Option<String>,
}

/// Written by the course and the polls, read by the routes.
pub(crate) type SharedState = watch::Sender<State>;
