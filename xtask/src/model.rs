//! Explores the state machine of `crates/model`: with all guards every law must hold and every goal be
//! reached; without any one of them a law must break, and the shortest run that does so is printed.

use anyhow::{Context, ensure};
use changeover_model::explore::{self, Counterexample};
use changeover_model::invariant::LAWS;
use changeover_model::{Fleet, Guard};
use std::time::Instant;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only take this guard out, and show what breaks then.
    #[arg(long, value_name = "GUARD")]
    without: Option<String>,
}

/// Explores, and says what was found.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(name) = &args.without {
        let known = || Guard::ALL.map(|guard| guard.to_string()).join(", ");
        let guard = Guard::by_name(name)
            .with_context(|| format!("no guard is called {name}; there are: {}", known()))?;
        return take_out(guard).map(drop);
    }
    let began = Instant::now();
    let mut states = 0;
    for fleet in Fleet::ALL {
        states += with_all_guards(fleet)?;
    }
    let explored_s = began.elapsed().as_secs_f64();
    for guard in Guard::ALL {
        take_out(guard)?;
    }
    println!(
        "\nmodel: {states} states in {} fleets, {} laws hold, explored in {explored_s:.0} s; each of {} \
         guards is needed; {:.0} s in all",
        Fleet::ALL.len(),
        LAWS.len(),
        Guard::ALL.len(),
        began.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Explores everything that one fleet can do; answers with the number of states.
fn with_all_guards(fleet: Fleet) -> anyhow::Result<usize> {
    let found = explore::everything(fleet);
    let (heads, bounds) = (fleet.heads(), fleet.bounds());
    println!(
        "\nheads {heads:?}, up to {} terms, {} mishaps, {} late heartbeats: {} states, longest \
         shortest run {} transitions",
        bounds.terms, bounds.mishaps, bounds.late_beats, found.states, found.depth
    );
    for law in LAWS {
        match found.broken.iter().find(|broken| broken.law == law.name) {
            None => println!("  holds    {}: {}", law.name, law.text),
            Some(broken) => {
                println!("  BROKEN   {}: {}", law.name, law.text);
                print_run(broken);
            }
        }
    }
    for (goal, length) in &found.reached {
        match length {
            Some(length) => println!("  reached  {goal}, after {length} transitions"),
            None => println!("  MISSED   {goal}"),
        }
    }
    ensure!(found.broken.is_empty(), "{} laws are broken", found.broken.len());
    let missed = found.reached.iter().filter(|(_, length)| length.is_none()).count();
    ensure!(missed == 0, "{missed} goals are not reached: the laws may hold for want of events");
    Ok(found.states)
}

fn take_out(guard: Guard) -> anyhow::Result<Counterexample> {
    let broken = Fleet::ALL.into_iter().find_map(|fleet| explore::without(fleet, guard));
    let broken = broken
        .with_context(|| format!("without {guard} no law breaks: the model does not need it"))?;
    println!("\nwithout {guard}, broken: {}", broken.law);
    print_run(&broken);
    Ok(broken)
}

fn print_run(broken: &Counterexample) {
    for (at, line) in (1..).zip(&broken.lines) {
        println!("  {at:>4}. {line}");
    }
}
