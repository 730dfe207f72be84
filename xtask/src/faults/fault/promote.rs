//! A standby is promoted while the old primary lives on, with A's sessions on it.
//!
//! New connections get to the new primary, as they would by a name that moves. A's old ones stay, or
//! (by the coin) are cut, so that A comes along. The standby was made before A began; whether it had
//! all that A wrote is left to chance. From here on the new primary's history counts: a slot is made
//! there before anybody is let in.

use crate::connect::connect;
use crate::faults::shop::{APP, SUPERUSER};
use crate::faults::world::World;
use anyhow::{Context as _, bail};
use changeover_postgres::Server;
use changeover_verify::CommitOrder;
use std::time::Duration;

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

/// How often it is looked whether a standby's sender has gone.
const SLOT_LOOKS_MAX: u32 = 500;
/// The pause between two looks.
const SLOT_LOOK: Duration = Duration::from_millis(20);

/// A slot whose standby is gone would keep all WAL from now on.
pub(in crate::faults) async fn drop_standby_slots(server: &Server) -> anyhow::Result<()> {
    let admin = connect(&server.url(SUPERUSER, SUPERUSER)).await?;
    for _ in 0..SLOT_LOOKS_MAX {
        admin
            .query(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots \
                  WHERE slot_type = 'physical' AND NOT active",
                &[],
            )
            .await?;
        let left = "SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'physical'";
        if admin.query_one(left, &[]).await?.get::<_, i64>(0) == 0 {
            return Ok(());
        }
        tokio::time::sleep(SLOT_LOOK).await;
    }
    bail!("a standby's slot stays in use")
}
