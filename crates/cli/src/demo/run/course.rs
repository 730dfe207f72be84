//! The order of events of one run.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use changeover_central::{release::Release, traffic::Traffic, workload::Mix, writes};
use changeover_rollout::load::{Load, LoadSpec};

use super::{
    journal::Journal,
    lives,
    observer::{Clock, Observer},
    pods::Pods,
    record::{PhaseKind, RunRecord},
    sensors::Sensors,
};
use crate::demo::{
    before::Before,
    progress::Progress,
    settings::{RELEASES, Settings, Way},
    stage::Database,
};

/// Enough that no request ever waits within its client for a free stream (a server allows some 100 to
/// 256 a connection): HTTP/2 clients fail what still waits when the server says GOAWAY, though it was
/// never sent. Real clients open a further connection by then.
const HTTP2_CONNECTIONS: usize = 4;

/// Requests under way at the end get as long as any request has.
const LOAD_DRAIN: Duration = Duration::from_secs(10);

/// Upgrades 4.8 → 4.9 → 4.10 under load, in a database that holds the tables of 4.8.
///
/// # Errors
/// When the run could not be made; failed requests and open steps are results, not errors.
pub(crate) async fn run(
    way: Way,
    rate_per_second: f64,
    database: &Database,
    settings: &Settings,
    progress: &Progress,
) -> anyhow::Result<RunRecord> {
    let task = progress.task("starting release 4.8");
    let pods = Pods::start(way, database, settings, progress).await?;
    task.done("release 4.8 serves");

    let traffic = Arc::new(Traffic::new(Mix::new(settings.population())));
    let mut spec = LoadSpec::new(pods.address(), rate_per_second).seed(u64::from(settings.seed));
    spec.http2_connections = HTTP2_CONNECTIONS;
    let company = settings.company.start(database);
    let load = Load::start(spec, traffic.clone()).context("starting the load")?;
    let clock = Clock::new(load.started());
    let sensors = Sensors::start(pods.address(), settings)?;
    let observer = Observer::new(way, database, clock).await?;
    let mut journal = Journal::new(progress, load, observer);
    before(&mut journal, rate_per_second, settings).await?;
    course(&mut journal, &pods, settings).await?;

    drop(company);
    let task = progress.task("looking for every acknowledged write");
    let (load, observer, phases) = journal.close();
    let load = load.stop(LOAD_DRAIN).await.context("ending the load")?;
    let streams = Sensors::end(sensors, LOAD_DRAIN, &database.owner_url).await?;
    let writes = writes::count_writes(&database.owner_url, &traffic.acknowledged()).await?;
    let pods_seen = lives::pod_spans(&pods.deployment.events(), load.started, load.due_for);
    let (steps, steps_not_done) = observer.finish(head(RELEASES[1]), &pods_seen).await?;
    task.done(format!(
        "{} acknowledged writes: {} missing, {} doubled",
        writes.acknowledged,
        writes.missing.len(),
        writes.doubled.len()
    ));
    pods.end().await?;
    Ok(RunRecord {
        way,
        rate_per_second,
        load,
        phases,
        pods: pods_seen,
        steps,
        steps_not_done,
        writes,
        streams,
    })
}

/// How often "before" is measured: what passes within seconds is no reason to give up.
const BEFORE_TRIES: u32 = 3;

/// Measures the load without an upgrade, until it is borne.
///
/// # Errors
/// [`NotHealthy`](crate::demo::NotHealthy) when it is not.
async fn before(
    journal: &mut Journal<'_>,
    rate_per_second: f64,
    settings: &Settings,
) -> anyhow::Result<()> {
    let pauses = settings.pauses();
    journal.during(PhaseKind::WarmUp, "warm-up", wait(pauses.warm_up)).await?;
    let mut tries = 1;
    loop {
        journal.during(PhaseKind::Baseline, "before, 4.8 alone", wait(pauses.baseline)).await?;
        let (summary, in_flight) = journal.last();
        let p99_ms_max = settings.before_p99_ms_max;
        let before = Before { summary: &summary, in_flight, rate_per_second, p99_ms_max };
        match before.unhealthy() {
            None => return Ok(()),
            Some(error) if tries == BEFORE_TRIES => return Err(error.into()),
            Some(error) => {
                journal.warn(&format!("measuring again: {error}"));
                journal.discount_last();
            }
        }
        tries += 1;
    }
}

async fn wait(pause: Duration) -> anyhow::Result<()> {
    tokio::time::sleep(pause).await;
    Ok(())
}

/// All that happens under load.
async fn course(
    journal: &mut Journal<'_>,
    pods: &Pods<'_>,
    settings: &Settings,
) -> anyhow::Result<()> {
    let pauses = settings.pauses();
    if settings.restarts_first() {
        let first = RELEASES[0];
        let name = format!("control: restart of {first}");
        journal.during(PhaseKind::Restart, &name, pods.restart()).await?;
        let name = format!("after the restart, {first} alone");
        journal.during(PhaseKind::Settling, &name, wait(pauses.afterwards)).await?;
    }
    for pair in RELEASES.windows(2) {
        let (before, release) = (pair[0], pair[1]);
        let name = format!("rollout {before} → {release}");
        journal.during(PhaseKind::Rollout, &name, pods.roll_out(release)).await?;
        if journal.observer.is_online() {
            let name = format!("steps of {release} go on");
            let deadline = settings.migration_deadline();
            journal.until_settled(&name, head(before), deadline).await?;
        }
        let name = format!("afterwards, {release} alone");
        journal.during(PhaseKind::Afterwards, &name, wait(pauses.afterwards)).await?;
    }
    Ok(())
}

fn head(release: &str) -> u64 {
    Release::named(release).map_or(0, |release| release.head)
}
