//! `cargo xtask facts`: what the planner says that each statement does, held against a server.
//!
//! Every statement of real services' histories (`corpus`) is run as it is written, on a database
//! with a few rows in each table. While its transaction is open, locks, rewritten files and scans
//! are read from the server (`observe`) and compared with [`changeover_plan::Facts`] (`compare`).
//! Prints how many were predicted exactly, weaker and stronger; fails where one was weaker.

mod compare;
mod corpus;
mod observe;

use crate::histories::stage::Stage;
use anyhow::ensure;
use compare::Verdict;
use observe::Outcome;
use std::collections::BTreeMap;

/// Arguments of `cargo xtask facts`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server's major version, 13 to 18 [default: one that is there]
    #[arg(long)]
    major: Option<u16>,
    /// Only the histories whose name contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// List what was predicted stronger than it is, too
    #[arg(long)]
    stronger: bool,
}

/// The figures of one history.
#[derive(Debug, Default)]
struct Tally {
    count: BTreeMap<&'static str, u32>,
    weaker: Vec<String>,
    stronger: Vec<String>,
}

/// Plays all histories; fails where a statement does more than was predicted.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let stage = Stage::start(args.major).await?;
    println!("PostgreSQL {}", stage.version());
    let mut weaker = Vec::new();
    let mut sum: BTreeMap<&str, u32> = BTreeMap::new();
    for history in corpus::histories(args.only.as_deref())? {
        let tally = play(&stage, &history).await?;
        println!("{:<34} {}", history.name, shown(&tally.count));
        for (name, count) in &tally.count {
            *sum.entry(name).or_default() += count;
        }
        if args.stronger {
            tally.stronger.iter().for_each(|line| println!("  stronger: {line}"));
        }
        tally.weaker.iter().for_each(|line| println!("  WEAKER: {line}"));
        weaker.extend(tally.weaker);
    }
    println!("{:<34} {}", "all", shown(&sum));
    ensure!(sum.get("exact").copied().unwrap_or(0) > 0, "nothing was compared");
    ensure!(weaker.is_empty(), "{} statements do more than was predicted", weaker.len());
    Ok(())
}

fn shown(count: &BTreeMap<&str, u32>) -> String {
    let one = |(name, count): (&&str, &u32)| format!("{count} {name}");
    count.iter().map(one).collect::<Vec<_>>().join(", ")
}

async fn play(stage: &Stage, history: &corpus::History) -> anyhow::Result<Tally> {
    let database = stage.empty("facts").await?;
    let client = stage.superuser(&database).await?;
    client.batch_execute("SET lock_timeout = '20s'; SET statement_timeout = '60s'").await?;
    let mut tally = Tally::default();
    for (file, text) in &history.files {
        let Ok(statements) = changeover_plan::sql::parse(text) else {
            *tally.count.entry("unsplittable").or_default() += 1;
            continue;
        };
        for statement in &statements {
            if statement.text.is_empty() {
                continue;
            }
            let line = |what: &str| {
                let text = statement.text.split_whitespace().collect::<Vec<_>>().join(" ");
                format!("{file}:{}: {what}: {text:.150}", statement.line)
            };
            let name = match observe::run(&client, statement).await? {
                Outcome::NotUnderstood => "not understood",
                Outcome::NotRun => "not run",
                Outcome::Ran(ran) => match compare::compare(&ran.0, &ran.1, &ran.2) {
                    Verdict::Exact => "exact",
                    Verdict::Weaker(what) => {
                        tally.weaker.push(line(&what));
                        "weaker"
                    }
                    Verdict::Stronger(what) => {
                        tally.stronger.push(line(&what));
                        "stronger"
                    }
                },
            };
            *tally.count.entry(name).or_default() += 1;
        }
        observe::fill(&client).await?;
    }
    drop(client);
    stage.drop(&database).await?;
    Ok(tally)
}
