//! The tasks that watch while a long step runs: prober, looker, and the governor that decides.
//!
//! Begun by the pacer once a step has run for a while (a short upgrade needs no further connections), and
//! aborted with it. Two connections of the owner's role, named and bounded as the engine's others.

use super::access::Access;
use super::governor::{Governor, TICK};
use super::shared::Shared;
use super::{looker, prober};
use std::sync::Arc;
use tokio::task::JoinSet;

/// The tasks; dropping it aborts them.
#[derive(Debug)]
pub(super) struct Sampler {
    _tasks: JoinSet<()>,
}

impl Sampler {
    /// Begins.
    pub(super) fn start(shared: &Arc<Shared>, access: &Arc<Access>) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(prober::run(Arc::clone(shared), Arc::clone(access)));
        tasks.spawn(looker::run(Arc::clone(shared), Arc::clone(access)));
        tasks.spawn(govern(Arc::clone(shared)));
        Self { _tasks: tasks }
    }
}

/// Decides again and again until it is aborted with the sampler.
async fn govern(shared: Arc<Shared>) {
    let mut governor = Governor::new(&shared.pace);
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let now = tick.tick().await.into_std();
        let standing = governor.tick(now, &shared);
        shared.standing.send_if_modified(|known| {
            let is_new = *known != standing;
            *known = standing;
            is_new
        });
    }
}
