//! Process A is stopped, as by a debugger or a frozen container, until its lease has expired.

use crate::faults::world::World;
use rustix::process::Signal;

pub(super) fn strike(world: &World<'_>) -> anyhow::Result<()> {
    world.a.signal(Signal::STOP)
}

pub(super) fn undo(world: &World<'_>) -> anyhow::Result<()> {
    world.a.signal(Signal::CONT)
}
