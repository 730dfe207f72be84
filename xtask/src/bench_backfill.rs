//! What a backfill costs beside one plain `UPDATE` of the whole table, on a machine that does nothing else.
//!
//! In one run, each on a fresh copy of the same table after a checkpoint, with `fsync` on: the single
//! `UPDATE`; plain ranges of 10,000 rows; ours without rest, at several batch targets and in parallel.
//! Rounds go through all of them in turn, so that what else the machine does hits each alike.
//!
//! Holds where ours at its default target reaches the share of the single `UPDATE`'s speed that is asked
//! for, in the median of the rounds; the check of a backfill is timed apart. Autovacuum is off: it
//! would come to some of them and not to others.

mod arm;
mod shape;

use crate::budget::Budget;
use crate::connect::connect;
use crate::measured::Measured;
use anyhow::ensure;
use arm::{Arm, Took};
use changeover_postgres::{Profile, Server};
use shape::Shape;
use std::collections::BTreeMap;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rows of the narrow table.
    #[arg(long, default_value_t = 2_000_000)]
    narrow: u64,
    /// Rows of the wide table.
    #[arg(long, default_value_t = 200_000)]
    wide: u64,
    /// How many indexes the table has besides its key.
    #[arg(long, value_delimiter = ',', default_values_t = [0, 1, 4])]
    indexes: Vec<usize>,
    /// How often each is measured.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Batch targets in ms besides the default; 0: none.
    #[arg(long, value_delimiter = ',', default_values_t = [5, 10, 20])]
    targets_ms: Vec<u64>,
    /// Workers in parallel; 1: not measured.
    #[arg(long, default_value_t = 2)]
    parallel: u32,
    /// The share of the single UPDATE's speed that ours must reach.
    #[arg(long, default_value_t = 0.9)]
    share_min: f64,
}

/// Rows within a budget: enough for some batches.
const NARROW_BUDGETED: u64 = 200_000;
/// The same of wide ones.
const WIDE_BUDGETED: u64 = 20_000;

/// Measures, prints, judges.
pub(crate) async fn run(mut args: Args) -> anyhow::Result<()> {
    let budget = Budget::from_environment()?;
    if budget.is_limited() {
        args.narrow = args.narrow.min(NARROW_BUDGETED);
        args.wide = args.wide.min(WIDE_BUDGETED);
    }
    let server = tokio::task::spawn_blocking(|| {
        Server::builder().profile(Profile::Measure).setting("autovacuum", "off").start()
    })
    .await??;
    connect(&server.url("postgres", "postgres"))
        .await?
        .batch_execute("CREATE ROLE bench_owner LOGIN; CREATE ROLE bench_service LOGIN;")
        .await?;
    println!("PostgreSQL {}, fsync on, autovacuum off", server.version());
    let arms = arms(&args);
    let mut short = Vec::new();
    for indexes in &args.indexes {
        for shape in [Shape::narrow(args.narrow, *indexes), Shape::wide(args.wide, *indexes)] {
            if shape.rows == 0 || budget.is_spent() {
                continue;
            }
            let ratio = measure(&server, &shape, &arms, args.rounds, &budget).await?;
            if ratio < args.share_min {
                short.push(format!("{}: {ratio:.2}", shape.title()));
            }
        }
    }
    ensure!(
        short.is_empty(),
        "less than {} of a single UPDATE's speed: {}",
        args.share_min,
        short.join("; ")
    );
    println!("ours reaches {} of a single UPDATE's speed everywhere", args.share_min);
    Ok(())
}

fn arms(args: &Args) -> Vec<Arm> {
    let mut arms = vec![Arm::Single, Arm::PlainRanges, Arm::Ours { target_ms: None, parallel: 1 }];
    arms.extend(
        args.targets_ms
            .iter()
            .filter(|ms| **ms > 0)
            .map(|ms| Arm::Ours { target_ms: Some(*ms), parallel: 1 }),
    );
    if args.parallel > 1 {
        arms.push(Arm::Ours { target_ms: None, parallel: args.parallel });
    }
    arms
}

/// All arms on one table; the ratio of ours to the single `UPDATE`.
async fn measure(
    server: &Server,
    shape: &Shape,
    arms: &[Arm],
    rounds: usize,
    budget: &Budget,
) -> anyhow::Result<f64> {
    let template = server.fresh_database("backfill_template").await?;
    shape.make(&server.url("postgres", &template)).await?;
    let mut all: BTreeMap<usize, Vec<Took>> = BTreeMap::new();
    for round in 0..rounds.max(1) {
        if round > 0 && budget.is_spent() {
            break;
        }
        for (at, arm) in arms.iter().enumerate() {
            let database = server.fresh_clone(&template, "backfill").await?;
            all.entry(at).or_default().push(arm.run(server, &database, shape).await?);
            server.drop_database(&database).await?;
        }
    }
    server.drop_database(&template).await?;
    show(shape, arms, &all)
}

/// Prints a table's medians.
fn show(shape: &Shape, arms: &[Arm], all: &BTreeMap<usize, Vec<Took>>) -> anyhow::Result<f64> {
    println!(
        "\n{}\n{:<26} {:>7} {:>9} {:>6} {:>7} {:>6} {:>6} {:>5} {:>8} {:>8}",
        shape.title(),
        "",
        "s",
        "rows/s",
        "ratio",
        "(least)",
        "CPU s",
        "WAL MB",
        "HOT %",
        "batches",
        "check s"
    );
    let figures = |at: usize, figure: fn(&Took) -> f64| {
        Measured::new(all.get(&at).into_iter().flatten().map(figure).collect())
    };
    // Within a round, so that a slow stretch of the machine falls out of the ratio.
    let single: Vec<f64> = all.get(&0).into_iter().flatten().map(|took| took.seconds).collect();
    let mut ours = 0.0;
    for (at, arm) in arms.iter().enumerate() {
        let took = all.get(&at).into_iter().flatten();
        let ratios = took.zip(&single).map(|(took, single)| single / took.seconds).collect();
        let ratios = Measured::new(ratios)?;
        if matches!(arm, Arm::Ours { target_ms: None, parallel: 1 }) {
            ours = ratios.median();
        }
        let seconds = figures(at, |took| took.seconds)?.median();
        println!(
            "{:<26} {seconds:>7.2} {:>9.0} {:>6.2} {:>7.2} {:>6.1} {:>6.0} {:>5.0} {:>8.0} {:>8.2}",
            arm.title(),
            shape.rows as f64 / seconds,
            ratios.median(),
            ratios.least(),
            figures(at, |took| took.cpu_s)?.median(),
            figures(at, |took| took.wal_mb)?.median(),
            figures(at, |took| took.hot_percent)?.median(),
            figures(at, |took| took.batches)?.median(),
            figures(at, |took| took.check_s)?.median(),
        );
    }
    Ok(ours)
}
