//! One fault at one place: 4.8 serves and is left alone, a 4.9 without the owner's connection serves
//! beside it, another 4.9 migrates, serves too, and meets the fault; a third takes over where it must.

use super::judge::{Counts, Excuse, Sent, judge};
use super::place::Place;
use super::stage::{Owner, Stage, until};
use super::strike::{Strike, Struck, Target};
use super::traffic::Watched;
use super::{ROWS, undisturbed};
use crate::central_process::Central;
use anyhow::{Context as _, bail, ensure};
use changeover_central::population::Population;
use changeover_central::roles::OWNER;
use changeover_central::traffic::Traffic;
use changeover_central::workload::Mix;
use changeover_central::{seed, writes};
use changeover_rollout::load::{Load, LoadHandle, LoadSpec};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::Client;
use uuid::Uuid;

/// For how long requests under way at the end are waited for.
const LOAD_DRAIN: Duration = Duration::from_secs(12);
/// How much of a log is shown.
const LOG_LINES: usize = 40;
/// Fewer requests prove nothing.
pub(super) const REQUESTS_MIN: u64 = 300;
/// For how long so many are waited for.
pub(super) const SUFFICE_WAIT: Duration = Duration::from_secs(60);
/// How often it is looked how many there are.
pub(super) const LOOK: Duration = Duration::from_millis(50);

const SETTLED: &str = "SELECT NOT EXISTS (SELECT FROM changeover.step \
                         WHERE state <> 'done' AND phase <> 'contract')";

/// Requests to one central.
pub(super) struct Sending {
    handle: LoadHandle,
    traffic: Arc<Watched>,
}

impl Sending {
    /// How many requests have ended.
    pub(super) fn ended(&self) -> u64 {
        self.handle.counts().ended
    }
}

/// Who is there.
struct Cast {
    old: Central,
    beside: Central,
    migrating: Central,
}

/// The requests to each of them.
#[derive(Default)]
struct Loads {
    old: Option<Sending>,
    beside: Option<Sending>,
    migrating: Option<Sending>,
}

impl Loads {
    /// Waits until enough requests were sent to prove something: a small upgrade is soon over.
    async fn suffice(&self) -> anyhow::Result<()> {
        let all = [&self.old, &self.beside, &self.migrating];
        let began = Instant::now();
        while began.elapsed() < SUFFICE_WAIT {
            let ended: u64 = all
                .iter()
                .filter_map(|load| load.as_ref())
                .map(|one| one.handle.counts().ended)
                .sum();
            if ended > REQUESTS_MIN {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        bail!("not {REQUESTS_MIN} requests within {SUFFICE_WAIT:?}")
    }
}

/// Plays it: the figures, and what is to be said besides.
pub(super) async fn play(
    program: &Path,
    strike: Strike,
    place: Place,
    rate: f64,
) -> anyhow::Result<(Counts, String)> {
    let mut stage = Stage::new(program, strike == Strike::DiskFull).await?;
    let rows = place.batch_rows();
    let mut old = stage.start("4.8", Owner::Shared, rows)?;
    old.ready().await.context("central 4.8")?;
    seed::seed(Population::of(ROWS), 1, &stage.url(OWNER), |_| {}).await?;
    if strike.promotes() {
        stage.follow().await?;
    }
    let mut loads = Loads { old: Some(send(&old, rate, 1)?), ..Loads::default() };
    let client = stage.superuser().await?;
    let holds = place.before(&stage).await?;
    let migrating = stage.start("4.9", Owner::Own, rows)?;
    let beside = stage.start("4.9", Owner::None, rows)?;
    let mut cast = Cast { old, beside, migrating };
    if place.new_release_serves() {
        cast.migrating.ready().await.context("central 4.9 that migrates")?;
        loads.migrating = Some(send(&cast.migrating, rate, 3)?);
        begin_beside(&mut cast, &mut loads, rate).await?;
    }
    let holds = place.reach(&stage, &client, holds).await?;
    let (struck, from, to) = hit(&mut stage, strike, place, &cast, client, holds).await?;
    let Struck { successor, note } = struck;
    let mut stopped = Vec::new();
    if strike == Strike::Killed
        && let Some(sending) = loads.migrating.take()
    {
        stopped.push(stop(sending, &cast.migrating, Excuse::Killed(from)).await?);
    }
    if !place.new_release_serves() {
        begin_beside(&mut cast, &mut loads, rate).await?;
    }
    // Not the connection from before: it may have died with the server.
    let client = stage.superuser().await?;
    if let Err(error) = until(&client, "the online steps are done", SETTLED).await {
        let mut text = String::new();
        for central in [Some(&cast.migrating), successor.as_ref()].into_iter().flatten() {
            text.push_str(&format!("\nthe last that it logged:\n{}", tail(&central.log()?)));
        }
        return Err(error.context(text));
    }

    loads.suffice().await?;
    let excuse = strike.excuse(from, to);
    for (sending, central) in
        [(loads.old, &cast.old), (loads.beside, &cast.beside), (loads.migrating, &cast.migrating)]
    {
        let Some(sending) = sending else { continue };
        stopped.push(stop(sending, central, excuse).await?);
    }
    let (sent, acknowledged): (Vec<Sent>, Vec<Vec<Uuid>>) = stopped.into_iter().unzip();
    let acknowledged = acknowledged.concat();
    let Cast { old, beside, migrating } = cast;
    for central in [Some(old), Some(beside), Some(migrating), successor].into_iter().flatten() {
        central.kill().await?;
    }
    let (counts, examples) = judge(&sent)?;
    ensure!(counts.failed == 0, "{counts}; {note}\n  {}", examples.join("\n  "));
    ensure!(counts.requests > REQUESTS_MIN, "{counts}: too few to prove anything");
    let found = writes::count_writes(&stage.url(OWNER), &acknowledged).await?;
    ensure!(found.missing.is_empty(), "{} acknowledged writes are missing", found.missing.len());
    ensure!(found.doubled.is_empty(), "{} writes are there twice", found.doubled.len());
    let lines = undisturbed::compare(&stage).await?;
    let told = [note, format!("{} acknowledged writes there once", acknowledged.len())];
    let told = told.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
    Ok((counts, format!("{told}; {lines} lines as undisturbed")))
}

async fn hit(
    stage: &mut Stage,
    strike: Strike,
    place: Place,
    cast: &Cast,
    client: Client,
    holds: Option<Client>,
) -> anyhow::Result<(Struck, Instant, Instant)> {
    let from = Instant::now();
    let target = Target { stage, place, migrating: &cast.migrating, client: &client, holds };
    let struck = strike.strike(target).await.context("the strike")?;
    Ok((struck, from, Instant::now()))
}

async fn begin_beside(cast: &mut Cast, loads: &mut Loads, rate: f64) -> anyhow::Result<()> {
    cast.beside.ready().await.context("central 4.9 that serves")?;
    loads.beside = Some(send(&cast.beside, rate, 2)?);
    Ok(())
}

/// The end of a log.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}

pub(super) fn send(central: &Central, rate: f64, seed: u64) -> anyhow::Result<Sending> {
    // One for each: a traffic knows its requests by their number.
    let traffic = Arc::new(Watched::new(Traffic::new(Mix::new(Population::of(ROWS)))));
    let spec = LoadSpec::new(central.address(), rate).seed(seed);
    let handle = Load::start(spec, Arc::clone(&traffic) as Arc<_>)?;
    Ok(Sending { handle, traffic })
}

/// Ends a load: what was sent, and the writes that were acknowledged.
pub(super) async fn stop(
    sending: Sending,
    central: &Central,
    excuse: Excuse,
) -> anyhow::Result<(Sent, Vec<Uuid>)> {
    let Sending { handle, traffic } = sending;
    let report = handle.stop(LOAD_DRAIN).await?;
    let sent = Sent { report, excuse, errors: traffic.errors(), log: central.log()? };
    Ok((sent, traffic.acknowledged()))
}
