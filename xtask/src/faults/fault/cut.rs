//! All of A's connections are reset. Its server processes notice when they next read or write.

use crate::faults::world::World;

pub(super) fn strike(world: &World<'_>) -> anyhow::Result<()> {
    world.proxy.cut();
    Ok(())
}
