//! The next release is rolled out during the backfill of the one before: 4.10 while 4.9 fills, 4.8 and 4.9
//! serving. It must be ready long before the backfill ends, and no request may fail.

use super::ROWS;
use super::judge::{Counts, Excuse, judge};
use super::scenario::{LOOK, REQUESTS_MIN, SUFFICE_WAIT, send, stop};
use super::stage::{Owner, Stage, until};
use anyhow::{Context as _, ensure};
use changeover_central::population::Population;
use changeover_central::roles::OWNER;
use changeover_central::{seed, writes};
use std::path::Path;
use std::time::Instant;

/// One row a batch: with the pauses between them far longer than a start takes.
const BATCH_ROWS: &str = "1";
const FILLING: &str =
    "SELECT EXISTS (SELECT FROM changeover.progress WHERE units = 'rows' AND done >= 20)";
const STILL_FILLING: &str = "SELECT EXISTS (SELECT FROM changeover.step \
      WHERE kind = 'backfill' AND state <> 'done')";

/// Plays it.
pub(super) async fn play(program: &Path, rate: f64) -> anyhow::Result<Counts> {
    let stage = Stage::new(program, false).await?;
    let mut old = stage.start("4.8", Owner::Shared, BATCH_ROWS)?;
    old.ready().await.context("central 4.8")?;
    seed::seed(Population::of(ROWS), 1, &stage.url(OWNER), |_| {}).await?;
    let of_old = send(&old, rate, 1)?;
    let mut next = stage.start("4.9", Owner::Shared, BATCH_ROWS)?;
    next.ready().await.context("central 4.9")?;
    let of_next = send(&next, rate, 2)?;
    let client = stage.superuser().await?;
    until(&client, "4.9 fills", FILLING).await?;

    let mut after_next = stage.start("4.10", Owner::Shared, BATCH_ROWS)?;
    after_next.ready().await.context("central 4.10, during the backfill of 4.9")?;
    let filling: bool = client.query_one(STILL_FILLING, &[]).await?.get(0);
    ensure!(filling, "the backfill had ended before 4.10 was ready: nothing was shown");
    let of_after_next = send(&after_next, rate, 3)?;
    let sending = [(of_old, &old), (of_next, &next), (of_after_next, &after_next)];
    let began = Instant::now();
    while sending.iter().map(|(one, _)| one.ended()).sum::<u64>() <= REQUESTS_MIN {
        ensure!(began.elapsed() < SUFFICE_WAIT, "not {REQUESTS_MIN} requests in {SUFFICE_WAIT:?}");
        tokio::time::sleep(LOOK).await;
    }
    let (mut sent, mut acknowledged) = (Vec::new(), Vec::new());
    for (one, central) in sending {
        let (report, writes) = stop(one, central, Excuse::Nothing).await?;
        sent.push(report);
        acknowledged.extend(writes);
    }
    for central in [old, next, after_next] {
        central.kill().await?;
    }
    let (counts, examples) = judge(&sent)?;
    ensure!(counts.failed == 0, "{counts}\n  {}", examples.join("\n  "));
    let found = writes::count_writes(&stage.url(OWNER), &acknowledged).await?;
    ensure!(found.missing.is_empty(), "{} acknowledged writes are missing", found.missing.len());
    ensure!(found.doubled.is_empty(), "{} writes are there twice", found.doubled.len());
    Ok(counts)
}
