//! Central's upgrades on real servers: the locks of every step against those that the plan states, the
//! waits beside a long reader, and the older release's statements on every schema on the way.
//!
//! `BUDGET_S` bounds it: what does not fit any more is listed as left out, the first check never is.

use crate::budget::Budget;
use anyhow::{Context, bail};
use changeover::LockLimits;
use changeover_central::population::Population;
use changeover_central::release::{Release, corpus::CORPUS_ROWS};
use changeover_central::{migration, roles, seed};
use changeover_plan::Migration;
use changeover_postgres::Server;
use changeover_verify::compatibility::{self, OlderRelease};
use changeover_verify::{CorpusStatement, Stage, Trial, deadline, lock_trace};
use std::time::Duration;

/// The application's name in the ledger.
const APP: &str = "central";
/// The upgrades: one release further, and one skipped.
const UPGRADES: [(&str, &str); 3] = [("4.8", "4.9"), ("4.9", "4.10"), ("4.8", "4.10")];

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// PostgreSQL's major versions.
    #[arg(long, value_delimiter = ',', default_values_t = [15, 18, 13])]
    majors: Vec<u16>,
    /// For how long the reader holds all tables each time, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    reading_ms: u64,
    /// Prints each trace also where nothing was found.
    #[arg(long)]
    tables: bool,
}

/// One of the three checks.
#[derive(Clone, Copy, Debug)]
enum Check {
    Compatibility,
    Locks,
    Waits,
}

/// What was counted over all checks.
#[derive(Default)]
struct Figures {
    checks: u32,
    left_out: u32,
    steps: usize,
    locks: usize,
    executions: u64,
    places: usize,
    waits: u64,
    longest_ms: f64,
    findings: usize,
}

/// Runs all checks of all upgrades on all majors, as far as the budget goes.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let budget = Budget::from_environment()?;
    let mut figures = Figures::default();
    for major in &args.majors {
        let major = *major;
        let server = tokio::task::spawn_blocking(move || Server::start(major)).await??;
        for (from, to) in UPGRADES {
            for check in [Check::Compatibility, Check::Locks, Check::Waits] {
                let what = format!("{check:?} {from} to {to} on PostgreSQL {major}");
                if figures.checks > 0 && budget.is_spent() {
                    println!("left out: {what}");
                    figures.left_out += 1;
                    continue;
                }
                one(&args, &server, check, (from, to), &mut figures).await.context(what)?;
                figures.checks += 1;
            }
        }
    }
    let Figures { checks, left_out, steps, locks, executions, places, .. } = figures;
    println!(
        "verify: {checks} checks, {left_out} left out; {steps} steps, {locks} locks seen as stated; \
         {executions} statements on {places} schemas; {} waits, the longest {:.0} ms; {} findings; {:.0} s",
        figures.waits,
        figures.longest_ms,
        figures.findings,
        budget.elapsed_s()
    );
    if figures.findings > 0 {
        bail!("{} findings", figures.findings);
    }
    Ok(())
}

async fn one(
    args: &Args,
    server: &Server,
    check: Check,
    (from, to): (&str, &str),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let (from, to) = (Release::named(from)?, Release::named(to)?);
    let (stage, trial) = trial(server, from, to).await?;
    let title = format!("{} to {} on {}", from.name, to.name, server.version());
    match check {
        Check::Locks => {
            let trace = lock_trace::trace(&trial).await?;
            let found = trace.findings().len();
            println!("locks {title}: {} steps, {found} findings", trace.steps.len());
            if args.tables || found > 0 {
                println!("{trace}");
            }
            figures.steps += trace.steps.len();
            figures.locks += trace.steps.iter().map(|step| step.observed.len()).sum::<usize>();
            figures.findings += found;
        }
        Check::Waits => {
            let reading = Duration::from_millis(args.reading_ms);
            let cap = LockLimits::default().window_cap;
            let report = deadline::watch(&trial, reading, cap).await?;
            let longest_ms = report.longest.as_ref().map_or(0.0, |wait| wait.waited_ms);
            println!(
                "waits {title}: {} waits, the longest {longest_ms:.0} ms of {:.0} ms, {} readings",
                report.waits, report.cap_ms, report.readings
            );
            for wait in &report.findings {
                println!("  {} {}: {:.0} ms", wait.relation, wait.mode, wait.waited_ms);
            }
            figures.waits += report.waits;
            figures.longest_ms = figures.longest_ms.max(longest_ms);
            figures.findings += report.findings.len();
        }
        Check::Compatibility => {
            let report = compatibility::check(&trial, older(&stage, from)).await?;
            println!(
                "statements {title}: {} on {} schemas, {} executions, {} findings",
                report.statements,
                report.places,
                report.executions,
                report.findings.len()
            );
            if !report.findings.is_empty() {
                println!("{report}");
            }
            figures.executions += report.executions;
            figures.places += report.places;
            figures.findings += report.findings.len() + report.failing_before.len();
        }
    }
    Ok(())
}

fn migrations(release: &Release) -> anyhow::Result<Vec<Migration>> {
    Ok(changeover_plan::source::read(&migration::migrations_up_to(release.head))?)
}

/// Central at `from`, seeded, come there from 4.8.
async fn trial(server: &Server, from: &Release, to: &Release) -> anyhow::Result<(Stage, Trial)> {
    let stage = Stage::empty(server, roles::OWNER, roles::SERVICE).await?;
    roles::create_roles(&stage.superuser_url).await?;
    let first = Release::named("4.8")?;
    stage.install(stage.options(APP, first.name, migrations(first)?)).await?;
    seed::seed(Population::of(CORPUS_ROWS), 1, &stage.owner_url, |_| {}).await?;
    if from.head > first.head {
        stage.install(stage.options(APP, from.name, migrations(from)?)).await?;
    }
    let trial = stage.trial(stage.options(APP, to.name, migrations(to)?));
    Ok((stage, trial))
}

fn older(stage: &Stage, release: &Release) -> OlderRelease {
    let corpus = release.corpus().into_iter().map(|statement| CorpusStatement {
        name: statement.name.to_owned(),
        sql: statement.sql.to_owned(),
        parameters: statement
            .parameters
            .into_iter()
            .map(|set| set.into_iter().map(|value| value.text).collect())
            .collect(),
        compare_rows: true,
    });
    OlderRelease {
        name: release.name.to_owned(),
        head: release.head,
        url: stage.service_url.clone(),
        corpus: corpus.collect(),
    }
}
