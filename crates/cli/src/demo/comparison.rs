//! What came out of all runs, as `--json` prints it.

use serde::Serialize;

use super::{
    outcome::RunOutcome,
    run::RunRecord,
    settings::{Settings, Way},
    verdict,
};

/// What came out of the whole demo.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    /// The version of PostgreSQL.
    pub(crate) server: String,
    pub(crate) rows: u64,
    pub(crate) seed: u32,
    pub(crate) replicas: u32,
    pub(crate) drain: bool,
    /// The run by Recreate, unless left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recreate: Option<RunOutcome>,
    /// The run by RollingUpdate, unless left out; of several, counts are added up and times the worst.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rolling: Option<RunOutcome>,
    /// Each of several rolling runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) rolling_runs: Vec<RunOutcome>,
    /// What should have held of the rolling runs and did not.
    pub(crate) faults: Vec<String>,
    /// Where the report is.
    pub(crate) report: String,
}

/// A run with its figures.
pub(crate) struct Run {
    pub(crate) way: Way,
    pub(crate) outcome: RunOutcome,
    pub(crate) faults: Vec<String>,
    /// All that was seen; of several runs of one way only the first and the first with faults keep it.
    pub(crate) record: Option<RunRecord>,
}

/// All runs so far.
#[derive(Default)]
pub(crate) struct Runs(pub(crate) Vec<Run>);

impl Runs {
    /// Adds a run. Every request of every run is more than a report can show, or memory hold: what is
    /// like a run that was kept already is dropped.
    pub(crate) fn add(&mut self, record: RunRecord) {
        let (way, outcome) = (record.way, RunOutcome::of(&record));
        let faults = match way {
            Way::Recreate => Vec::new(),
            Way::Rolling => verdict::faults(&outcome),
        };
        let is_known = self.0.iter().any(|run| {
            run.record.is_some() && run.way == way && run.faults.is_empty() == faults.is_empty()
        });
        let record = (!is_known).then_some(record);
        self.0.push(Run { way, outcome, faults, record });
    }

    /// What came out.
    pub(crate) fn comparison(&self, settings: &Settings, server: &str) -> Comparison {
        let of = |way| {
            let outcomes = self.0.iter().filter(move |run| run.way == way);
            outcomes.map(|run| run.outcome.clone())
        };
        let faults = self.0.iter().enumerate().flat_map(|(index, run)| {
            run.faults.iter().map(move |fault| match self.0.len() {
                0..=2 => fault.clone(),
                _ => format!("run {}: {fault}", index + 1),
            })
        });
        Comparison {
            server: server.to_owned(),
            rows: settings.population().rows,
            seed: settings.seed,
            replicas: settings.replicas,
            drain: settings.drain,
            recreate: of(Way::Recreate).reduce(RunOutcome::with),
            rolling: of(Way::Rolling).reduce(RunOutcome::with),
            rolling_runs: if settings.repeat > 1 { of(Way::Rolling).collect() } else { Vec::new() },
            faults: faults.collect(),
            report: settings.report.display().to_string(),
        }
    }
}
