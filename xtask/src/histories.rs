//! `cargo xtask histories`: real services' migrations, read, applied and planned.
//!
//! The histories are those inside two published crates (`fetch`). Played from empty by the library and
//! by the program they must give the schema that their files give, and nothing may be refused
//! (`from_empty`). Twenty of them (`sample`) are planned against a database that holds rows, every
//! statement must be accounted for (`account`), and what is not refused is run and compared (`online`).
//!
//! `BUDGET_S`: after that many seconds the twenty are still planned, but no longer run.

mod account;
pub(crate) mod fetch;
mod from_empty;
mod online;
mod program;
mod reference;
mod rows;
mod sample;
pub(crate) mod stage;

use crate::budget::Budget;
use crate::schema;
use anyhow::ensure;
use online::{Outcome, Ran, Tally};
use std::path::PathBuf;

/// Arguments of `cargo xtask histories`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server's major version, 14 to 18 [default: one that is there]
    #[arg(long)]
    major: Option<u16>,
    /// Plan and run every migration but the first against rows, not only the twenty
    #[arg(long)]
    all: bool,
    /// The program `changeover` [default: is built]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Leave out what begins from empty
    #[arg(long)]
    only_online: bool,
}

/// Plays both histories; fails where something is refused from empty, differs, or is dropped.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let budget = Budget::from_environment()?;
    let histories = fetch::histories()?;
    let stage = stage::Stage::start(args.major).await?;
    println!("PostgreSQL {}", stage.version());
    let mut faults = Vec::new();
    let mut figures = Vec::new();
    if !args.only_online {
        let program = args.program.clone().map_or_else(program::build, Ok)?;
        for history in &histories {
            let found = from_empty::play(&stage, history, &program).await?;
            figures.push(from_empty_figures(history, &found, &mut faults));
        }
    }
    let mut outcomes = Vec::new();
    for history in &histories {
        let chosen = |migration: &changeover_plan::Migration| {
            args.all || sample::TWENTY.iter().any(|(front, _)| migration.file.starts_with(front))
        };
        let done = |outcome: &Outcome| println!("{}", online_text(outcome, &mut faults));
        outcomes.extend(online::play(&stage, history, chosen, budget, done).await?);
    }
    ensure!(
        args.all || outcomes.len() == sample::TWENTY.len(),
        "{} migrations of {} were found",
        outcomes.len(),
        sample::TWENTY.len()
    );
    figures.push(online_figures(&outcomes));
    for figure in &figures {
        println!("{figure}");
    }
    ensure!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    Ok(())
}

fn from_empty_figures(
    history: &fetch::History,
    found: &from_empty::FromEmpty,
    faults: &mut Vec<String>,
) -> String {
    let title = format!("{} {}", history.name, history.version);
    faults.extend(found.refused.iter().map(|text| format!("{title} refused from empty: {text}")));
    for (how, differences) in
        [("the library", &found.by_library), ("the program", &found.by_program)]
    {
        if !differences.is_empty() {
            faults
                .push(format!("{title} by {how}: another schema\n{}", schema::shown(differences)));
        }
    }
    format!(
        "{title}: {} files read, {} statements; from empty {} refused; of {} lines of schema {} \
         differ by the library, {} by the program",
        history.migrations.len(),
        found.statements,
        found.refused.len(),
        found.lines,
        found.by_library.len(),
        found.by_program.len()
    )
}

fn online_text(outcome: &Outcome, faults: &mut Vec<String>) -> String {
    let file = &outcome.file;
    if outcome.tally.dropped > 0 {
        faults.push(format!("{file}: {} statements dropped", outcome.tally.dropped));
    }
    let ran = match &outcome.ran {
        Ran::Refused => "not run: refused".to_owned(),
        Ran::Same => "run: schema and rows as by the file as it is written".to_owned(),
        Ran::NotRun => "not run: no time left".to_owned(),
        Ran::FileFails(reason) => {
            format!("not run: the file itself cannot be applied to rows: {reason}")
        }
        Ran::Failed(reason) => {
            faults.push(format!("{file}: the run failed: {reason}"));
            format!("run: FAILED: {reason}")
        }
        Ran::Differs(differences) => {
            let shown = schema::shown(differences);
            faults.push(format!("{file}: run online, it is not what the file makes:\n{shown}"));
            format!("run: DIFFERS:\n{shown}")
        }
    };
    let (filled, tables) = outcome.filled;
    format!("{file} (rows in {filled} of {tables} tables)\n{}\n  {ran}\n", outcome.lines.join("\n"))
}

fn online_figures(outcomes: &[Outcome]) -> String {
    let total = outcomes.iter().fold(Tally::default(), |total, outcome| Tally {
        statements: total.statements + outcome.tally.statements,
        expand: total.expand + outcome.tally.expand,
        online: total.online + outcome.tally.online,
        contract: total.contract + outcome.tally.contract,
        refused: total.refused + outcome.tally.refused,
        dropped: total.dropped + outcome.tally.dropped,
    });
    let count =
        |wanted: fn(&Ran) -> bool| outcomes.iter().filter(|outcome| wanted(&outcome.ran)).count();
    format!(
        "planned against rows: {} migrations, {} statements: {} expand, {} online, {} contract, {} \
         refused, {} dropped; run: {} the same, {} differ, {} failed; not run: {} refused, {} whose \
         file fails on rows, {} for lack of time",
        outcomes.len(),
        total.statements,
        total.expand,
        total.online,
        total.contract,
        total.refused,
        total.dropped,
        count(|ran| matches!(ran, Ran::Same)),
        count(|ran| matches!(ran, Ran::Differs(_))),
        count(|ran| matches!(ran, Ran::Failed(_))),
        count(|ran| matches!(ran, Ran::Refused)),
        count(|ran| matches!(ran, Ran::FileFails(_))),
        count(|ran| matches!(ran, Ran::NotRun)),
    )
}
