//! The heartbeat of a registered instance, in the background until it leaves.

use super::{InstanceState, Standing, beat, open, register};
use crate::connection::Connection;
use crate::error::{Error, SQLSTATE_UNREGISTERED, chain};
use crate::options::Options;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Says regularly that the instance lives.
pub(super) struct Heart {
    pub(super) id: Uuid,
    pub(super) options: Arc<Options>,
    pub(super) states: watch::Receiver<InstanceState>,
    pub(super) standing: watch::Sender<Standing>,
    pub(super) refused: watch::Sender<Option<Arc<Error>>>,
    pub(super) stop: CancellationToken,
}

impl Heart {
    /// Ends when told to, or when the floor has passed the release.
    /// Model: `StopRefused`.
    pub(super) async fn run(self, connection: Connection) {
        let mut connection = Some(connection);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(self.options.timing.heartbeat) => {}
            }
            let state = *self.states.borrow();
            let limit = self.options.timing.instance_ttl;
            match tokio::time::timeout(limit, self.beat(&mut connection, state)).await {
                // A beat that follows a failed `set_state` makes up for it.
                Ok(Ok(())) => {
                    self.standing.send_if_modified(|standing| {
                        std::mem::replace(&mut standing.state, state) != state
                    });
                }
                Ok(Err(error @ Error::BelowFloor { .. })) => {
                    tracing::error!(error = chain(&error), "the floor has passed this release");
                    self.refused.send_replace(Some(Arc::new(error)));
                    return;
                }
                Ok(Err(error)) => {
                    tracing::warn!(error = chain(&error), "heartbeat failed; trying again");
                    connection = None;
                }
                Err(_elapsed) => connection = None,
            }
        }
    }

    async fn beat(
        &self,
        connection: &mut Option<Connection>,
        state: InstanceState,
    ) -> Result<(), Error> {
        let open = match connection.take() {
            Some(open) => open,
            None => open(&self.options).await?,
        };
        let outcome = match beat(&open, &self.options, self.id, state).await {
            Err(error)
                if error.sqlstate() == Some(SQLSTATE_UNREGISTERED) && !self.stop.is_cancelled() =>
            {
                // Somebody has given us up; the floor decides whether we may come back.
                let registered = register(&open, &self.options, self.id).await;
                if registered.is_ok() {
                    self.standing.send_modify(|standing| standing.registrations += 1);
                }
                registered
            }
            outcome => outcome,
        };
        *connection = Some(open);
        outcome
    }
}
