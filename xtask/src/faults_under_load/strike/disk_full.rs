//! The disk that the database is on is full: what needs a new block fails with SQLSTATE 53100, for
//! the one that serves as for the migrator.
//!
//! It ends once the migrator has failed so twice, and some statements of services.

use super::{Struck, Target};
use anyhow::ensure;
use changeover_central::roles::{OWNER, SERVICE};
use std::time::{Duration, Instant};

/// The SQLSTATE for no space.
const FULL: &str = "53100";
/// How often the migrator, and how often services, are to meet it.
const OF_MIGRATOR: usize = 2;
const OF_SERVICES: usize = 6;
/// For how long it is waited until it was met.
const MET_WAIT: Duration = Duration::from_secs(30);
/// How often the log is looked at.
const LOOK: Duration = Duration::from_millis(20);

pub(super) async fn strike(target: Target<'_>) -> anyhow::Result<Struck> {
    let Target { stage, holds, .. } = target;
    stage.server.fill_small_disk().await?;
    let mark = stage.server.log_mark();
    drop(holds);
    let began = Instant::now();
    let (mut of_migrator, mut of_services) = (0, 0);
    while of_migrator < OF_MIGRATOR || of_services < OF_SERVICES {
        ensure!(
            began.elapsed() < MET_WAIT,
            "within {MET_WAIT:?} the migrator met the full disk {of_migrator} times, services \
             {of_services} times"
        );
        tokio::time::sleep(LOOK).await;
        (of_migrator, of_services) =
            (stage.logged(mark, FULL, OWNER), stage.logged(mark, FULL, SERVICE));
    }
    stage.server.relieve_small_disk().await?;
    (of_migrator, of_services) =
        (stage.logged(mark, FULL, OWNER), stage.logged(mark, FULL, SERVICE));
    let note = format!("the migrator met it {of_migrator} times, services {of_services} times");
    Ok(Struck { successor: None, note })
}
