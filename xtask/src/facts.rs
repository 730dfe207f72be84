//! `cargo xtask facts`: what the planner says that each statement does, held against servers.
//!
//! Every statement of real services' histories (`corpus`, fetched by `package`) is run as it is
//! written, on a database with a few rows in each table (`play`). While its transaction is open, locks,
//! rewritten files and scans are read from the server (`observe`) and compared with
//! [`changeover_plan::Facts`] (`compare`). Prints a table of histories and majors (`table`); fails where
//! a statement does more than was predicted, or a history was not played to its end.

mod compare;
mod corpus;
mod observe;
mod package;
mod play;
mod reader;
mod table;

use crate::histories::stage::Stage;
use anyhow::{Context as _, ensure};
use play::Tally;
use std::sync::Arc;
use table::Table;
use tokio::{sync::Semaphore, task::JoinSet};

/// Arguments of `cargo xtask facts`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The servers' major versions
    #[arg(long, value_delimiter = ',', default_values_t = [13, 15, 17, 18])]
    majors: Vec<u16>,
    /// Only the histories whose name contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// List what was predicted stronger than it is, too
    #[arg(long)]
    stronger: bool,
    /// List what was left open, too
    #[arg(long)]
    open: bool,
    /// List what was skipped, too
    #[arg(long)]
    skipped: bool,
}

/// Plays all histories on all majors; fails where a statement does more than was predicted.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let histories: Vec<_> =
        corpus::histories(args.only.as_deref())?.into_iter().map(Arc::new).collect();
    // As many at a time as there are processors: client and server take turns.
    let at_once = std::thread::available_parallelism().map_or(2, usize::from);
    let turns = Arc::new(Semaphore::new(at_once));
    let mut running = JoinSet::new();
    for major in &args.majors {
        let stage = Arc::new(Stage::start(Some(*major)).await?);
        for history in &histories {
            let (stage, history, turns) = (stage.clone(), history.clone(), turns.clone());
            let major = *major;
            running.spawn(async move {
                let _turn = turns.acquire_owned().await?;
                let played = play::play(&stage, &history).await;
                let tally = played.with_context(|| format!("{} on {major}", history.name))?;
                anyhow::Ok((history.name.clone(), major, tally))
            });
        }
    }
    let mut table = Table::new(&args.majors, histories.iter().map(|history| history.name.clone()));
    while let Some(played) = running.join_next().await {
        let (name, major, tally) = played.context("a history's task ended")??;
        list(&args, &format!("{name} on {major}"), &tally);
        table.add(name, major, tally);
    }
    print!("{table}");
    let sum = table.sum();
    ensure!(sum.exact > 0, "nothing was compared");
    ensure!(sum.weaker.is_empty(), "{} statements do more than was predicted", sum.weaker.len());
    ensure!(table.stopped() == 0, "{} histories stopped before their end", table.stopped());
    Ok(())
}

fn list(args: &Args, history: &str, tally: &Tally) {
    tally.weaker.iter().for_each(|line| println!("WEAKER: {history}: {line}"));
    if args.stronger {
        tally.stronger.iter().for_each(|line| println!("stronger: {history}: {line}"));
    }
    if args.open {
        tally.open.iter().for_each(|line| println!("open: {history}: {line}"));
    }
    if args.skipped {
        tally.skipped.iter().for_each(|(why, line)| println!("skipped: {history}: {line}: {why}"));
    }
}
