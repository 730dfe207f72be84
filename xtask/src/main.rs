//! Chores of this repository: `cargo xtask <chore>`, one file each.
//!
//! A chore prints its figures last and exits non-zero when what it shows does not hold. What takes
//! long honours `BUDGET_S`, a time budget in seconds, by a seeded sample; without it all is done.

#![expect(clippy::print_stdout, reason = "chores print what they found")]

mod backfill;
mod bench_backfill;
mod bench_caches;
mod bench_locks;
mod bench_pace;
mod bench_plan;
mod bench_queue;
mod bench_takeover;
mod bench_workers;
mod bounded;
mod budget;
mod central_process;
mod chaos;
mod circles;
mod connect;
mod decoding_server;
mod derivation_table;
mod differential;
mod facts;
mod faults;
mod faults_under_load;
mod histories;
mod instances;
mod load;
mod measured;
mod migration_files;
mod model;
mod mutants;
mod row_sums;
mod rules;
mod schema;
mod starts;
mod to_the_end;
mod verify;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Chores of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// What a backfill costs beside one plain UPDATE and plain ranges, with 0 to 4 indexes.
    BenchBackfill(bench_backfill::Args),
    /// How soon an instance has what another wrote, and what watching costs writers.
    BenchCaches(bench_caches::Args),
    /// How long clients stall while locks are taken, beside a plain ALTER TABLE in the same run.
    BenchLocks(bench_locks::Args),
    /// What an upgrade costs clients at the controller's pace and at a fixed rest, and how long it takes.
    BenchPace(bench_pace::Args),
    /// How long histories of 100, 1,000 and 3,000 files are planned, beside parsing them alone.
    BenchPlan(bench_plan::Args),
    /// How long the database is without a migrator after one was killed or told to stop.
    BenchTakeover(bench_takeover::Args),
    /// The queue beside graphile-worker, graphile_worker, apalis-postgres and the raw limit.
    BenchQueue(bench_queue::Args),
    /// How long a singleton worker is without an owner at a hand-over and after a death; the guard's cost.
    BenchWorkers(bench_workers::Args),
    /// One contestant of it, in a process of its own.
    #[command(hide = true)]
    BenchQueueChild(bench_queue::child::Args),
    /// Two million rows, an old release that writes, a new one that is killed in mid-backfill.
    Backfill(backfill::Args),
    /// Ten processes at the same moment on an empty database, again and again.
    Starts(starts::Args),
    /// Every fault at every point of a migration: no stale commit, the same end.
    Faults(faults::Args),
    /// Faults of a migrating central while an old and a new one serve.
    FaultsUnderLoad(faults_under_load::Args),
    /// Locks, rewrites and scans of every statement of real histories, held against the prediction.
    Facts(facts::Args),
    /// Files that take from each other in a circle; there must be none.
    Circles(circles::Args),
    /// Rolling upgrades and rollbacks of programs in three languages, struck in the middle of their work.
    Chaos(chaos::Args),
    /// One of them, in a process of its own.
    #[command(hide = true)]
    ChaosWorker(chaos::worker::Args),
    /// Ten instances, killed, paused and started at random while 4.8 → 4.9 → 4.10 runs.
    Instances(instances::Args),
    /// The migrations of real projects: read, applied, planned.
    Histories(histories::Args),
    /// Breaks the engine on purpose, one protection at a time, and sees that a test fails.
    Mutants(mutants::Args),
    /// Every type of column and key through trigger, batch and check, on each major.
    DerivationTable(derivation_table::Args),
    /// Generated histories, planned and as they are written: both end alike.
    Differential(differential::Args),
    /// Term, registration, floor and contract as a state machine: explored, with and without guards.
    Model(model::Args),
    /// Writes `docs/rules.md` from the registry of rules.
    Rules(rules::Args),
    /// Locks of every step, waits, and the old releases' statements on every intermediate schema.
    Verify(verify::Args),
}

fn main() -> ExitCode {
    // A chain of causes says what was wrong; a backtrace of the chore would bury it.
    match chore(Cli::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn chore(chore: Chore) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match chore {
            Chore::BenchBackfill(args) => bench_backfill::run(args).await,
            Chore::BenchCaches(args) => bench_caches::run(args).await,
            Chore::BenchLocks(args) => bench_locks::run(args).await,
            Chore::BenchPace(args) => bench_pace::run(args).await,
            Chore::BenchPlan(args) => bench_plan::run(args).await,
            Chore::BenchTakeover(args) => bench_takeover::run(args).await,
            Chore::BenchQueue(args) => bench_queue::run(args).await,
            Chore::BenchWorkers(args) => bench_workers::run(args).await,
            Chore::BenchQueueChild(args) => bench_queue::child::run(args).await,
            Chore::Backfill(args) => backfill::run(args).await,
            Chore::Starts(args) => starts::run(args).await,
            Chore::FaultsUnderLoad(args) => faults_under_load::run(args).await,
            Chore::Faults(args) => faults::run(args).await,
            Chore::Chaos(args) => chaos::run(args).await,
            Chore::Facts(args) => facts::run(args).await,
            Chore::Circles(args) => circles::run(&args),
            Chore::ChaosWorker(args) => chaos::worker::run(args).await,
            Chore::Instances(args) => instances::run(args).await,
            Chore::Histories(args) => histories::run(args).await,
            Chore::Mutants(args) => mutants::run(args).await,
            Chore::DerivationTable(args) => derivation_table::run(&args),
            Chore::Differential(args) => differential::run(args).await,
            Chore::Model(args) => model::run(&args),
            Chore::Rules(args) => rules::run(&args),
            Chore::Verify(args) => verify::run(args).await,
        }
    })
}
