//! Process A is killed. Its server processes are not: what they were doing they may still finish.

use crate::faults::world::World;
use rustix::process::Signal;
use std::time::Duration;

/// A killed process ends at once.
const END_WAIT: Duration = Duration::from_secs(10);

pub(super) async fn strike(world: &mut World<'_>) -> anyhow::Result<()> {
    world.a.signal(Signal::KILL)?;
    world.a.end(END_WAIT).await.map(|_status| ())
}
