//! A's network swallows everything, in both directions and for new connections too; nobody is told.

use crate::faults::world::World;

pub(super) fn strike(world: &World<'_>) -> anyhow::Result<()> {
    world.proxy.hang();
    Ok(())
}

pub(super) fn undo(world: &World<'_>) -> anyhow::Result<()> {
    world.proxy.heal();
    Ok(())
}
