//! Others take all connections: a new one is refused with SQLSTATE 53300.
//!
//! By the coin A's working session is ended then, so that A needs a new one; what A gives up is taken
//! at once. It ends once A was refused, or did not need one for a while.

use super::LOOK;
use crate::connect::connect;
use crate::faults::shop::{CROWD, OWNER, SUPERUSER};
use crate::faults::world::World;
use anyhow::{bail, ensure};
use std::time::{Duration, Instant};
use tokio_postgres::error::SqlState;

/// More than any of the harness's servers allows.
const CROWD_MAX: usize = 200;
/// How the server words it, with seats kept for superusers; the prefix of a line names who it was.
const REFUSED: &str = "remaining connection slots are reserved";
/// For how long A's next connection is waited for.
const MET_WAIT: Duration = Duration::from_secs(2);

const END: &str =
    "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE pid = $1";

pub(super) async fn strike(world: &mut World<'_>) -> anyhow::Result<()> {
    take_all(world).await?;
    world.log_mark = world.server.log_mark();
    if world.scenario.coin && world.place.backend_pid != 0 {
        let client = connect(&world.server.url(SUPERUSER, &world.database)).await?;
        client.query_one(END, &[&world.place.backend_pid]).await?;
        take_all(world).await?;
    }
    Ok(())
}

pub(super) async fn undo(world: &mut World<'_>) -> anyhow::Result<()> {
    let began = Instant::now();
    while began.elapsed() < MET_WAIT && !world.met && !world.a.has_ended()? {
        take_all(world).await?;
        world.met = a_was_refused(world);
        tokio::time::sleep(LOOK).await;
    }
    world.crowd.clear();
    Ok(())
}

fn a_was_refused(world: &World<'_>) -> bool {
    let owner = format!(" {OWNER} ");
    let log = world.server.log_since(world.log_mark);
    log.lines().any(|line| line.contains(&owner) && line.contains(REFUSED))
}

/// Takes all seats that there are.
async fn take_all(world: &mut World<'_>) -> anyhow::Result<()> {
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
                return Ok(());
            }
        }
    }
    bail!("the server does not run out of connections")
}
