//! Opens the pool's connections: within the share, one at a time, and again where the server is full.
//!
//! Called by the pool when a request finds no idle connection. Invariant: a connection holds its permit until
//! the server has nothing of it any more.

use changeover::{Address, ConnectError, Reached};
use changeover_share::connection_share::{Gate, Permit};
use deadpool::managed::{Metrics, RecycleError, RecycleResult};
use deadpool_postgres::ClientWrapper;
use rand::Rng;
use std::time::Duration;
use tokio::sync::Mutex;

/// The first pause before a full server is asked again; doubles, ± half.
const FULL_PAUSE: Duration = Duration::from_millis(20);
/// The longest.
const FULL_PAUSE_MAX: Duration = Duration::from_millis(500);
/// For how long a permit outlives its connection: the server needs a moment to end a session.
const SESSION_END: Duration = Duration::from_millis(100);

/// Opens connections within the share, and again where the server is full.
#[derive(Debug)]
pub(in crate::database) struct Opener {
    pub(super) address: Address,
    pub(super) application_name: String,
    pub(super) gate: Option<Gate>,
    /// Held while a connection is opened: one at a time, so that an instance that starts under load does not
    /// take the server from those that serve.
    pub(super) opening: Mutex<()>,
}

impl deadpool::managed::Manager for Opener {
    type Type = ClientWrapper;
    type Error = ConnectError;

    async fn create(&self) -> Result<ClientWrapper, ConnectError> {
        let permit = match &self.gate {
            Some(gate) => Some(Lingering(Some(gate.enter().await))),
            None => None,
        };
        let _opening = self.opening.lock().await;
        let reached = until_there_is_room(&self.address, &self.application_name).await?;
        let task = tokio::spawn(async move {
            let _held = permit;
            if let Err(error) = reached.link.await {
                tracing::debug!(
                    error = changeover::chain(&error),
                    "a connection of the pool ended"
                );
            }
        });
        Ok(ClientWrapper::new(reached.client, task))
    }

    async fn recycle(
        &self,
        client: &mut ClientWrapper,
        _metrics: &Metrics,
    ) -> RecycleResult<ConnectError> {
        if client.is_closed() {
            return Err(RecycleError::message("the connection is closed"));
        }
        Ok(())
    }
}

/// Connects; bounded by the pool, which waits no longer than its bounds say.
async fn until_there_is_room(
    address: &Address,
    application_name: &str,
) -> Result<Reached, ConnectError> {
    let mut pause = FULL_PAUSE;
    loop {
        match address.connect(application_name).await {
            Ok(reached) => return Ok(reached),
            Err(error) if error.is_full() => {
                tracing::debug!(
                    error = changeover::chain(&error),
                    "the server has no connection left; trying again"
                );
                let factor = rand::rng().random_range(0.5..1.5);
                tokio::time::sleep(pause.mul_f64(factor)).await;
                pause = (pause * 2).min(FULL_PAUSE_MAX);
            }
            Err(error) => return Err(error),
        }
    }
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
