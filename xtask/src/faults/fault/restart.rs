//! The server crashes and comes back: sessions are gone, what was committed is there.

use crate::faults::world::World;

pub(super) async fn strike(world: &mut World<'_>) -> anyhow::Result<()> {
    let server = world.server;
    tokio::task::block_in_place(|| server.restart_immediate())?;
    Ok(())
}
