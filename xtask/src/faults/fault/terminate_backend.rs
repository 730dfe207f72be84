//! The server ends A's working session, or all of A's, as an operator or an out-of-memory killer would.

use crate::connect::connect;
use crate::faults::shop::{OWNER, SUPERUSER};
use crate::faults::world::World;

/// Ends the sessions of a role in this database: one of them, or ($1 = 0) all.
const END: &str = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
     WHERE datname = current_database() AND usename = $2 AND ($1 = 0 OR pid = $1)";

pub(super) async fn strike(world: &mut World<'_>) -> anyhow::Result<()> {
    let client = connect(&world.server.url(SUPERUSER, &world.database)).await?;
    let pid = if world.scenario.coin { 0 } else { world.place.backend_pid };
    client.query_one(END, &[&pid, &OWNER]).await?;
    Ok(())
}
