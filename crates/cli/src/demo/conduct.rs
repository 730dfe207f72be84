//! The whole demo in order: server, capacity, the runs one after the other, the report.
//!
//! It has a runtime of its own, so that at its end, however it comes, every task is dropped and every
//! pod's process with it, before the program goes on.

use anyhow::Context;

use super::{
    capacity,
    comparison::{Comparison, Runs},
    progress::Progress,
    report, run,
    settings::{Settings, Way},
    stage::Stage,
};
use crate::{output::Output, signals::StopSignals, view::figures};

/// How the demo ended.
pub(crate) enum Ended {
    /// All runs were made.
    Completed(Box<Comparison>),
    /// A signal came first; server and instances are gone.
    Stopped,
}

/// Makes all runs. Blocks until they are over or a signal says to stop.
///
/// # Errors
/// What kept a run from being made. What a run showed is no error.
pub(crate) fn conduct(
    settings: &Settings,
    output: &Output,
    mut signals: StopSignals,
) -> anyhow::Result<Ended> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the demo's runtime")?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = all(settings, output) => outcome.map(|all| Ended::Completed(Box::new(all))),
            () = signals.next() => Ok(Ended::Stopped),
        }
    });
    drop(runtime);
    outcome
}

async fn all(settings: &Settings, output: &Output) -> anyhow::Result<Comparison> {
    let progress = Progress::new(output.clone());
    changeover_rollout::load::raise_open_files_limit().context("raising the limit of files")?;
    let stage = Stage::prepare(settings, &progress).await?;
    let rate = capacity::rate_per_second(&stage, settings, &progress).await?;

    let mut runs = Runs::default();
    for turn in 1..=settings.repeat {
        for way in &settings.ways {
            progress.heading(&heading(*way, turn, settings.repeat));
            let task = progress.task("copying the tables of 4.8");
            let database = stage.fresh(way.name()).await?;
            task.done("a copy of the tables of 4.8");
            let record = run::run(*way, rate, &database, settings, &progress).await?;
            runs.add(record);
            stage.remove(database).await?;
        }
    }
    let comparison = runs.comparison(settings, stage.version());
    report::write(&comparison, &runs, &settings.report)?;
    let bytes = std::fs::metadata(&settings.report).map_or(0, |file| file.len());
    progress.heading(&format!(
        "Report: {} ({} KiB)",
        settings.report.display(),
        figures::count(bytes / 1024)
    ));
    Ok(comparison)
}

fn heading(way: Way, turn: u32, repeat: u32) -> String {
    match repeat {
        1 => way.title().to_owned(),
        _ => format!("{} ({turn} of {repeat})", way.title()),
    }
}
