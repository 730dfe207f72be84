//! The disk that the database is on is full: what needs a new block fails with SQLSTATE 53100.
//!
//! It ends once A has failed so, or did not need a block for a while.

use super::met;
use crate::faults::world::World;
use std::time::Duration;

/// How the system words it.
const FULL: [&str; 1] = ["No space left on device"];
/// For how long a block is waited for.
const MET_WAIT: Duration = Duration::from_secs(2);

pub(super) async fn strike(world: &mut World<'_>) -> anyhow::Result<()> {
    world.server.fill_small_disk().await?;
    // Filling it was logged too.
    world.log_mark = world.server.log_mark();
    Ok(())
}

pub(super) async fn undo(world: &mut World<'_>) -> anyhow::Result<()> {
    let mark = world.log_mark;
    world.met = met(world, mark, &FULL, MET_WAIT).await?;
    Ok(world.server.relieve_small_disk().await?)
}
