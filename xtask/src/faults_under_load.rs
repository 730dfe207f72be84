//! Faults of a migrating central while an old and a new one serve: no request fails but those to a server
//! that was down.
//!
//! 4.8 serves and is left alone; a 4.9 without the owner's connection serves beside it; another 4.9
//! migrates through a proxy and meets the fault in mid-backfill; a third takes over where it must.
//! Requests to both that serve are counted from the moment they are due, with four kinds of client.

mod strike;

use crate::budget::Budget;
use crate::central_process::{self, Central, Start};
use anyhow::{Context, bail, ensure};
use changeover_central::population::Population;
use changeover_central::roles::{OWNER, SERVICE, create_roles};
use changeover_central::traffic::Traffic;
use changeover_central::workload::Mix;
use changeover_central::{seed, writes};
use changeover_postgres::Server;
use changeover_rollout::load::{Load, LoadHandle, LoadReport, LoadSpec};
use changeover_verify::FaultProxy;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use strike::Strike;
use tokio_postgres::{Client, NoTls};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this fault.
    #[arg(long, value_enum)]
    only: Option<Strike>,
    /// Requests per second to each of the two that serve.
    #[arg(long, default_value_t = 60.0)]
    rate: f64,
}

/// Rows of process_indicators.
const ROWS: u64 = 20_000;
/// Short, so that a takeover is quick; long enough for two cores under load.
const LEASE_MS: &str = "1000";
/// So few that the fault strikes in the middle of a backfill.
const BATCH_ROWS: &str = "32";
/// For how long a state is waited for.
const STATE_WAIT: Duration = Duration::from_secs(240);
/// For how long requests under way at the end are waited for.
const LOAD_DRAIN: Duration = Duration::from_secs(12);
/// How long after a server is back a request may still meet a connection that died with it.
const RECOVERY: Duration = Duration::from_secs(2);

struct Stage {
    program: PathBuf,
    server: Server,
    database: String,
    proxy: FaultProxy,
}

/// Runs every fault on a stage of its own.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    changeover_rollout::load::raise_open_files_limit()?;
    let budget = Budget::from_environment()?;
    let program = central_process::build().await?;
    let chosen: Vec<Strike> = args.only.map_or_else(|| Strike::ALL.to_vec(), |only| vec![only]);
    let (mut held, mut left_out, mut broken) = (0, 0, Vec::new());
    for strike in chosen {
        if budget.is_spent() {
            left_out += 1;
            continue;
        }
        match one(&program, strike, args.rate).await {
            Ok(line) => {
                held += 1;
                println!("holds   {strike:<18} {line}");
            }
            Err(error) => {
                broken.push(strike.to_string());
                println!("BROKEN  {strike:<18} {error:#}");
            }
        }
    }
    println!(
        "faults under load: {held} hold, {} do not, {left_out} left out by the budget; {:.0} s",
        broken.len(),
        budget.elapsed_s()
    );
    ensure!(broken.is_empty(), "not held: {}", broken.join(", "));
    ensure!(held > 0, "the budget did not suffice for one fault");
    Ok(())
}

async fn one(program: &std::path::Path, strike: Strike, rate: f64) -> anyhow::Result<String> {
    let stage = Stage::new(program).await?;
    let mut old = stage.start("4.8", Owner::Direct)?;
    old.ready().await.context("central 4.8")?;
    seed::seed(Population::of(ROWS), 1, &stage.url(OWNER), |_| {}).await?;
    let client = stage.superuser().await?;
    let mut migrating = stage.start("4.9", Owner::Proxied)?;
    let mut beside = stage.start("4.9", Owner::None)?;
    beside.ready().await.context("central 4.9 that serves")?;
    // One for each: a traffic knows its requests by their number.
    let traffic = || Arc::new(Traffic::new(Mix::new(Population::of(ROWS))));
    let (of_old, of_new) = (traffic(), traffic());
    let to_old = load(&old, &of_old, rate, 1)?;
    let to_new = load(&beside, &of_new, rate, 2)?;
    until(&client, "the backfill is under way", BACKFILLING).await?;

    let began = Instant::now();
    let successor = strike.strike(&stage, &mut migrating, &client).await?;
    let ended = Instant::now();
    // Not the connection from before: it may have died with the server.
    let client = stage.superuser().await?;
    until(&client, "the online steps are done", SETTLED).await?;
    let reports = [to_old.stop(LOAD_DRAIN).await?, to_new.stop(LOAD_DRAIN).await?];
    let down = strike.takes_the_server_down().then_some((began, ended + RECOVERY));
    let told = judge(&reports, down)?;
    let acknowledged = [of_old.acknowledged(), of_new.acknowledged()].concat();
    let found = writes::count_writes(&stage.url(OWNER), &acknowledged).await?;
    ensure!(found.missing.is_empty(), "{} acknowledged writes are missing", found.missing.len());
    ensure!(found.doubled.is_empty(), "{} writes are there twice", found.doubled.len());
    let differ: i64 = client.query_one(DIFFER, &[]).await?.get(0);
    ensure!(differ == 0, "{differ} rows differ");
    for central in [Some(old), Some(beside), Some(migrating), successor].into_iter().flatten() {
        central.kill().await?;
    }
    Ok(told)
}

const BACKFILLING: &str =
    "SELECT EXISTS (SELECT 1 FROM changeover.progress WHERE units = 'rows' AND done > 200)";
const SETTLED: &str = "SELECT NOT EXISTS (SELECT 1 FROM changeover.step \
                         WHERE state <> 'done' AND phase <> 'contract')";
const DIFFER: &str = "SELECT count(*) FROM process_indicators WHERE container_start_time \
    IS DISTINCT FROM to_timestamp((payload ->> 'containerStart')::double precision)";

/// Counts what failed, but for requests that were under way while the server was down.
fn judge(reports: &[LoadReport], down: Option<(Instant, Instant)>) -> anyhow::Result<String> {
    let (mut requests, mut excused, mut failed) = (0_u64, 0_u64, Vec::new());
    for report in reports {
        requests += u64::try_from(report.samples.len())?;
        for sample in report.samples.iter().filter(|sample| !sample.outcome.is_ok()) {
            let due = report.started + Duration::from_micros(sample.intended_us);
            let over = report.started + Duration::from_micros(sample.completed_us());
            if down.is_some_and(|(began, ended)| over >= began && due <= ended) {
                excused += 1;
            } else {
                failed.push(format!("{:?} by {:?}", sample.outcome, sample.client));
            }
        }
    }
    let example = reports.iter().find_map(|report| report.failures.first()).map(|one| &one.text);
    ensure!(failed.is_empty(), "{} requests failed: {} ({example:?})", failed.len(), failed[0]);
    ensure!(requests > 300, "{requests} requests are too few to prove anything");
    Ok(format!("{requests} requests, 0 failed, {excused} while the server was down"))
}

fn load(
    central: &Central,
    traffic: &Arc<Traffic>,
    rate: f64,
    seed: u64,
) -> anyhow::Result<LoadHandle> {
    let spec = LoadSpec::new(central.address(), rate).seed(seed);
    Ok(Load::start(spec, Arc::clone(traffic) as Arc<_>)?)
}

/// By which way an instance gets to the database as its owner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Direct,
    Proxied,
    None,
}

impl Stage {
    async fn new(program: &std::path::Path) -> anyhow::Result<Self> {
        let server = tokio::task::spawn_blocking(|| {
            Server::builder().setting("max_connections", "200").start()
        })
        .await??;
        let database = server.fresh_database("load").await?;
        create_roles(&server.url("postgres", &database)).await?;
        let proxy = FaultProxy::start(server.port()).await?;
        Ok(Self { program: program.to_owned(), server, database, proxy })
    }

    fn url(&self, role: &str) -> String {
        self.server.url(role, &self.database)
    }

    fn start(&self, release: &str, owner: Owner) -> anyhow::Result<Central> {
        let owner_url = self.url(OWNER);
        let proxied = owner_url
            .replace(&format!(":{}/", self.server.port()), &format!(":{}/", self.proxy.port()));
        let owner_url = match owner {
            Owner::Direct => Some(owner_url),
            Owner::Proxied => Some(proxied),
            Owner::None => None,
        };
        let service_url = self.url(SERVICE);
        let start = Start {
            program: &self.program,
            release,
            service_url: &service_url,
            owner_url: owner_url.as_deref(),
        };
        Central::start_with(&start, &["--lease-ms", LEASE_MS, "--batch-rows", BATCH_ROWS])
    }

    async fn superuser(&self) -> anyhow::Result<Client> {
        let (client, connection) = tokio_postgres::connect(&self.url("postgres"), NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

async fn until(client: &Client, what: &str, sql: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + STATE_WAIT;
    while !client.query_one(sql, &[]).await?.get::<_, bool>(0) {
        if Instant::now() > deadline {
            bail!("not reached: {what}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
