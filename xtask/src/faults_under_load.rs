//! Faults of a migrating central while an old and a new one serve: no request fails but those to a
//! process that was killed or to a server that was down, and the end is that of an undisturbed run.
//!
//! Each fault strikes at each place on a stage of its own: while a column is being added, in
//! mid-backfill, while an index is being built. Requests to all that serve are counted from the moment
//! they are due, with four kinds of client. `BUDGET_S`: after that many seconds none is begun; the list
//! begins with what samples it best.

mod judge;
mod matrix;
mod overtaken;
mod place;
mod scenario;
mod stage;
mod strike;
mod traffic;
mod undisturbed;

use crate::budget::Budget;
use crate::central_process;
use anyhow::{Context as _, ensure};
use matrix::Ran;
use place::Place;
use std::time::Instant;
use strike::Strike;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this fault.
    #[arg(long, value_enum)]
    only: Option<Strike>,
    /// Only at this place.
    #[arg(long, value_enum)]
    at: Option<Place>,
    /// Requests per second to each one that serves.
    #[arg(long, default_value_t = 25.0)]
    rate: f64,
}

/// Rows of process_indicators.
const ROWS: u64 = 8_000;
/// As few as there can be.
const ROWS_MIN: u64 = 1_000;

/// Runs every fault at every place.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    changeover_rollout::load::raise_open_files_limit()?;
    let budget = Budget::from_environment()?;
    let program = central_process::build().await?;
    let list = matrix::list(args.only, args.at);
    let all = list.len();
    let mut ran: Vec<Ran> = Vec::new();
    for (strike, place) in list {
        if budget.is_spent() {
            break;
        }
        let began = Instant::now();
        let outcome = Box::pin(scenario::play(&program, strike, place, args.rate)).await;
        let seconds = began.elapsed().as_secs_f64();
        let counts = match outcome {
            Ok((counts, told)) => {
                println!("holds   {strike:19} {place:11} {seconds:5.1} s  {counts}; {told}");
                Some(counts)
            }
            Err(error) => {
                println!("BROKEN  {strike:19} {place:11} {seconds:5.1} s  {error:#}");
                None
            }
        };
        ran.push(Ran { strike, place, counts });
    }
    println!("\n{}\n", matrix::text(&ran));
    if args.only.is_none() && args.at.is_none() {
        let began = Instant::now();
        let counts = Box::pin(overtaken::play(&program, args.rate)).await;
        let counts = counts.context("4.10 during the backfill of 4.9")?;
        println!("holds   overtaken {:.1} s  {counts}\n", began.elapsed().as_secs_f64());
    }
    let broken = ran.iter().filter(|one| one.counts.is_none()).count();
    let held = ran.len() - broken;
    println!(
        "faults under load: {held} of {all} hold, {broken} do not, {} left out by the budget; {:.0} s",
        all - ran.len(),
        budget.elapsed_s()
    );
    ensure!(broken == 0, "{broken} do not hold");
    ensure!(held > 0, "the budget did not suffice for one fault");
    Ok(())
}
