//! Others take all connections: a new one is refused with SQLSTATE 53300.
//!
//! By the coin A's working session is ended first, so that A needs a new one. It ends once A was
//! refused, or did not need one for a while.

use super::met;
use crate::connect::connect;
use crate::faults::shop::{CROWD, SUPERUSER};
use crate::faults::world::World;
use anyhow::{bail, ensure};
use std::time::Duration;
use tokio_postgres::error::SqlState;

/// More than any of the harness's servers allows.
const CROWD_MAX: usize = 200;
/// How the server words it: with seats kept for superusers, and without.
const REFUSALS: [&str; 2] = ["remaining connection slots are reserved", "too many clients"];
/// For how long A's next connection is waited for.
const MET_WAIT: Duration = Duration::from_secs(2);

const END: &str =
    "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE pid = $1";

pub(super) async fn strike(world: &mut World<'_>) -> anyhow::Result<()> {
    if world.scenario.coin && world.place.backend_pid != 0 {
        let client = connect(&world.server.url(SUPERUSER, &world.database)).await?;
        client.query_one(END, &[&world.place.backend_pid]).await?;
    }
    let url = world.server.url(CROWD, SUPERUSER);
    // Bounded by what the server allows.
    for _ in 0..CROWD_MAX {
        match tokio_postgres::connect(&url, tokio_postgres::NoTls).await {
            Ok((client, connection)) => {
                tokio::spawn(connection);
                world.crowd.push(client);
            }
            Err(error) => {
                let code = error.code();
                ensure!(code == Some(&SqlState::TOO_MANY_CONNECTIONS), "refused: {error:?}");
                world.log_mark = world.server.log_mark();
                return Ok(());
            }
        }
    }
    bail!("the server does not run out of connections")
}

pub(super) async fn undo(world: &mut World<'_>) -> anyhow::Result<()> {
    let mark = world.log_mark;
    world.met = met(world, mark, &REFUSALS, MET_WAIT).await?;
    world.crowd.clear();
    Ok(())
}
