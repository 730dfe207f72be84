//! A standby is promoted while the old primary lives on, with A's sessions on it.
//!
//! New connections get to the new primary, as they would by a name that moves. A's old ones stay, or
//! (by the coin) are cut, so that A comes along. The standby was made before A began; whether it had
//! all that A wrote is left to chance. From here on the new primary's history counts: a slot is made
//! there before anybody is let in.

use crate::faults::APP;
use crate::faults::shop::SUPERUSER;
use crate::faults::world::World;
use anyhow::Context as _;
use changeover_verify::CommitOrder;

pub(super) async fn strike(world: &mut World<'_>) -> anyhow::Result<()> {
    let none = "no standby was made";
    world.standby.as_ref().context(none)?.promote().await?;
    // What was committed before counts too.
    world.judge().await?;
    let standby = world.standby.as_ref().context(none)?;
    let url = standby.url(SUPERUSER, &world.database);
    world.order = Some(CommitOrder::begin(&url, APP, "faults_promoted").await?);
    world.proxy.redirect(standby.port());
    if world.scenario.coin {
        world.proxy.cut();
    }
    world.promoted = true;
    Ok(())
}
