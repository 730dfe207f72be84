//! Others take all connections: a new one is refused with SQLSTATE 53300.
//!
//! The pools of those who serve are open by then, as they are after hours of service: a pool that still
//! had to grow would have to refuse requests. The migrator's working session is ended, so that he needs
//! a new one; what it gives up is taken at once. It ends once it was refused several times.

use super::{Struck, Target, end_backend};
use crate::faults_under_load::stage::{SUPERUSER, Stage, until};
use anyhow::{bail, ensure};
use changeover_central::roles::OWNER;
use std::time::{Duration, Instant};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

/// A role that only takes connections away.
const CROWD: &str = "crowd";
/// The SQLSTATE for too many connections.
const REFUSED: &str = "53300";
/// How often the migrator is to be refused.
const REFUSALS: usize = 3;
/// For how long that is waited for.
const MET_WAIT: Duration = Duration::from_secs(30);
/// How often it is looked whether a seat was given up.
const LOOK: Duration = Duration::from_millis(20);

/// Requests need a table that is locked, so each takes a connection, until all pools are open.
const CROWDED: &str = "BEGIN; LOCK TABLE alerts, images, policies IN ACCESS EXCLUSIVE MODE";
/// Pools of releases that serve, 4 connections each: `central serve --pool-size`.
const POOLS_OPEN: &str = "SELECT bool_and(of_release >= 4 * serving) FROM ( \
     SELECT i.release, count(*) AS serving, \
            (SELECT count(*) FROM pg_stat_activity a WHERE a.usename = 'central_service' \
                AND a.application_name = format('changeover@%s/central/%s', i.head, i.release)) \
            AS of_release \
       FROM changeover.instance i WHERE i.state = 'serving' GROUP BY i.release, i.head) pools";

pub(super) async fn strike(target: Target<'_>) -> anyhow::Result<Struck> {
    let Target { stage, client, .. } = target;
    open_pools(stage).await?;
    client.batch_execute(&format!("CREATE ROLE {CROWD} LOGIN")).await?;
    let mut crowd = Vec::new();
    take_all(stage, &mut crowd).await?;
    let mark = stage.server.log_mark();
    end_backend(client).await?;
    let began = Instant::now();
    let mut refused = 0;
    while refused < REFUSALS {
        take_all(stage, &mut crowd).await?;
        refused = stage.logged(mark, REFUSED, OWNER);
        ensure!(began.elapsed() < MET_WAIT, "the migrator was refused {refused} times only");
        tokio::time::sleep(LOOK).await;
    }
    let note = format!("{} seats taken, the migrator was refused {refused} times", crowd.len());
    Ok(Struck { successor: None, note })
}

/// Lets all pools of those who serve grow to their size.
async fn open_pools(stage: &Stage) -> anyhow::Result<()> {
    let holds = stage.superuser().await?;
    holds.batch_execute(CROWDED).await?;
    let client = stage.superuser().await?;
    until(&client, "all pools are open", POOLS_OPEN).await
}

/// Takes all seats that there are.
async fn take_all(stage: &Stage, crowd: &mut Vec<Client>) -> anyhow::Result<()> {
    let url = stage.server.url(CROWD, SUPERUSER);
    // More than any server here allows.
    for _ in 0..200 {
        match tokio_postgres::connect(&url, NoTls).await {
            Ok((client, connection)) => {
                tokio::spawn(connection);
                crowd.push(client);
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
