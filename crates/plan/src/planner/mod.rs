//! From pending migrations to a plan.
//!
//! [`plan`] is called by the engine and the CLI. `at_once` plans for a database that nobody uses:
//! files as written. `online` plays each statement against a copy of the catalog ([`crate::world`])
//! and lets its rewrite (`crate::rewrite`, one file for each form) emit steps through
//! `world::Work`, which knows phases, directives and what a step has to wait for. Afterwards
//! [`crate::check`] inspects the plan; what it finds is a bug here, not the author's.

mod at_once;

mod online;
mod pending;
mod warning;

pub mod script;

#[cfg(test)]
pub(crate) mod tests;

use crate::{
    check::{Finding, check},
    model::{
        catalog::Catalog,
        migration::{AppliedMigration, Migration},
        plan::{PLAN_FORMAT, Plan, PlanMode, PlannedMigration},
        step::Step,
    },
    rewrite,
    source::{History, HistoryError, verify_history},
};

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The application; several may share a database.
    pub app: &'a str,
    /// All migrations of the folder, by number.
    pub migrations: &'a [Migration],
    /// What the ledger says was planned or applied before.
    pub applied: &'a [AppliedMigration],
    /// The catalog as it is now.
    pub catalog: &'a Catalog,
    /// Unfinished steps of earlier plans.
    pub pending: &'a [Step],
    /// Whether older releases serve meanwhile.
    pub mode: PlanMode,
}

/// Why no plan could be made at all. What is wrong with a single statement is a refusal in the plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The folder and the ledger contradict each other.
    #[error("the migrations and the ledger contradict each other")]
    History(#[source] HistoryError),
    /// The checker found a fault in a finished plan; a bug of the planner.
    #[error("the plan breaks a rule: {}", .findings.first().map(ToString::to_string).unwrap_or_default())]
    Unsound {
        /// All findings.
        findings: Vec<Finding>,
    },
}

/// Plans all migrations that the ledger does not have yet. The same request gives the same plan.
///
/// # Errors
/// Where the folder contradicts the ledger, and where the plan that was made is unsound.
pub fn plan(request: Request<'_>) -> Result<Plan, PlanError> {
    let history =
        verify_history(request.applied, request.migrations).map_err(PlanError::History)?;
    let from_head = request.applied.iter().map(|applied| applied.number).max();
    let pending: Vec<&Migration> = match history {
        History::DatabaseNewer { .. } => Vec::new(),
        History::Known { pending } => pending,
    };
    let (steps, refusals) = match request.mode {
        PlanMode::AtOnce => at_once::plan(&pending),
        PlanMode::Online => online::plan(request, &pending),
    };
    let mut refusals = refusals;
    if let Some(migration) = pending.first()
        && let Some(refused) = rewrite::obstacle::right::of_session(request.catalog)
    {
        refusals.insert(0, refused.of_file(migration));
    }
    let plan = Plan {
        format: PLAN_FORMAT,
        app: request.app.to_owned(),
        mode: request.mode,
        from_head,
        head: pending.last().map(|last| last.number).or(from_head).unwrap_or(0),
        migrations: pending.iter().map(|migration| planned(migration)).collect(),
        steps,
        refusals,
        warnings: if pending.is_empty() { Vec::new() } else { warning::all(request.catalog) },
    };
    let findings = check(&plan, request.pending);
    if findings.is_empty() { Ok(plan) } else { Err(PlanError::Unsound { findings }) }
}

fn planned(migration: &Migration) -> PlannedMigration {
    PlannedMigration {
        number: migration.number,
        name: migration.name.clone(),
        file: migration.file.clone(),
        checksum: migration.checksum.clone(),
    }
}
