//! One kind of background work. Called by [`super::BackgroundBuilder::start`], [`super::Background::drain`]
//! and, where the instance had to join again, by the member's loop.

use super::DrainReport;
use crate::error::Error;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

pub(crate) trait Part: Send + Sync {
    /// Says in the ledger what this instance can do. Also called after joining again.
    fn declare(&self) -> BoxFuture<'_, Result<(), Error>>;

    /// Starts the loops. They end with the member ([`crate::generation::Member::stopped`]).
    fn start(&self);

    /// Begins nothing new, lets what runs end until then, gives the rest back.
    fn drain(&self, until: Instant) -> BoxFuture<'_, DrainReport>;
}
