//! What can go wrong in the engine, as one type that says whether trying again may help.
//!
//! Texts are lower-case fragments and never repeat their cause. `class` says whether trying again may
//! help, `remedy` what a person does next, `chain` is how all of it is written on one line.

pub(crate) mod chain;
mod class;
mod refused;
mod remedy;
mod rights;
mod sqlstate;

pub use chain::chain;
pub use sqlstate::{
    SQLSTATE_BELOW_FLOOR, SQLSTATE_FENCED, SQLSTATE_NOT_CLAIMED, SQLSTATE_NOT_ENQUEUEABLE,
    SQLSTATE_UNKNOWN_APP, SQLSTATE_UNKNOWN_STEP, SQLSTATE_UNNAMED, SQLSTATE_UNREGISTERED,
};

use crate::connection::address::AddressError;
use crate::connection::reach_error::ConnectError;
use crate::connection::read_only::ReadOnly;
use changeover_plan::{Plan, PlanError, StepId};

/// Why the engine stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server could not be reached.
    #[error("no connection to the database")]
    Connect {
        /// What the connection was for.
        purpose: &'static str,
        /// The cause.
        #[source]
        source: Box<ConnectError>,
    },
    /// The connection string cannot be used.
    #[error("the connection string cannot be used")]
    Url {
        /// Why.
        #[from]
        source: AddressError,
    },
    /// The owner's connection string leads through a pooler that shares sessions among clients.
    #[error(
        "the owner's connection leads through a pooler that does not keep a session for each \
         client: {evidence}; settings, locks, the backend that a successor may have to end, and \
         concurrent index builds need a session of the server that is ours alone"
    )]
    Pooled {
        /// What was seen, or why nothing was.
        evidence: String,
    },
    /// A statement failed.
    #[error("{action} failed")]
    Sql {
        /// What was being done.
        action: String,
        /// The cause.
        #[source]
        source: tokio_postgres::Error,
    },
    /// A statement of a step failed.
    #[error("step {step} ({title}) failed")]
    Step {
        /// The step.
        step: StepId,
        /// Its title.
        title: String,
        /// The cause.
        #[source]
        source: Box<Error>,
    },
    /// A step that the release waits for was tried as often as allowed.
    #[error("gave up after {}", plural(*.tries, "try", "tries"))]
    GaveUp {
        /// How often it was tried.
        tries: u32,
        /// The last failure.
        #[source]
        source: Box<Error>,
    },
    /// Short locks were not to be had within the bound.
    #[error(
        "no lock on {relation} within {waited_ms} ms and {attempts} tries; in the way: {blockers}"
    )]
    LockNotAvailable {
        /// The relations.
        relation: String,
        /// For how long it was tried.
        waited_ms: u64,
        /// How often.
        attempts: u32,
        /// Who was in the way: pid, age and query of each.
        blockers: String,
    },
    /// The check found rows that differ, or could not be made.
    #[error("{what} is not as it should be: {detail}")]
    NotVerified {
        /// What was checked.
        what: String,
        /// What was found.
        detail: String,
    },
    /// Rows whose new value cannot be computed hold the contract.
    #[error(
        "{count} rows of {table} cannot have their new value: the expression raises, or the row is \
         rejected: {sample}"
    )]
    RowsParked {
        /// How many.
        count: u64,
        /// The table.
        table: String,
        /// Keys and errors of some.
        sample: String,
    },
    /// Another process holds a newer term.
    #[error("the term was lost: another process has taken over the migration")]
    TermLost,
    /// Another process owns the worker by now; nothing of the transaction was committed.
    #[error("worker {worker} is owned by another process: epoch {epoch} is over")]
    TenureLost {
        /// The worker.
        worker: String,
        /// The number under which it was owned.
        epoch: i64,
    },
    /// A floor would leave workers with nobody who could own them.
    #[error(
        "the floor cannot be raised to {floor}: {} would have no owner: no ready instance from there \
         on could own {}, and none has retired {}",
        .workers.join(", "),
        if .workers.len() == 1 { "it" } else { "them" },
        if .workers.len() == 1 { "it" } else { "them" }
    )]
    WorkersUnowned {
        /// The floor that was asked for.
        floor: u64,
        /// The workers.
        workers: Vec<String>,
    },
    /// The head is below the floor.
    #[error("release {release} (head {head}) is below the floor {floor} of application {app}")]
    BelowFloor {
        /// The release.
        release: String,
        /// Its head.
        head: u64,
        /// The floor.
        floor: u64,
        /// The application.
        app: String,
    },
    /// The plan has refusals.
    #[error(
        "{} of the pending statements cannot be made online: {}",
        .plan.refusals.len(), refused::listed(&.plan.refusals)
    )]
    Refused {
        /// The plan, with its refusals.
        plan: Box<Plan>,
    },
    /// The planner failed.
    #[error("the pending migrations cannot be planned")]
    Plan(#[from] PlanError),
    /// The files do not fit the ledger.
    #[error("the migrations do not fit the ledger")]
    History(#[from] changeover_plan::source::HistoryError),
    /// The folder of migrations cannot be read.
    #[error("the migrations cannot be read from {path}")]
    Folder {
        /// The folder or file.
        path: String,
        /// The cause.
        #[source]
        source: FolderError,
    },
    /// The database has tables but no ledger.
    #[error(
        "the database has tables ({examples}, …), but no migration of application {app} is in the ledger"
    )]
    NotAdopted {
        /// The application.
        app: String,
        /// Some of the tables.
        examples: String,
    },
    /// The ledger was written by a newer Changeover that older ones must not read.
    #[error(
        "the ledger has format {written} and needs a reader of at least {min_reader}; this one reads {own}"
    )]
    LedgerTooNew {
        /// The ledger's format.
        written: i32,
        /// The oldest reader it allows.
        min_reader: i32,
        /// What this engine reads.
        own: i32,
    },
    /// There is no ledger and no right or wish to make one.
    #[error("the database has no ledger of Changeover")]
    NoLedger,
    /// The ledger is there, and does not know the application.
    #[error("the ledger of this database has no application {app}; it has {}", list(.known))]
    UnknownApp {
        /// What was asked for.
        app: String,
        /// Those that are there.
        known: Vec<String>,
    },
    /// The application has no such step.
    #[error("there is no step {step}; near it: {}", list(.near))]
    UnknownStep {
        /// What was asked for.
        step: String,
        /// Those that are written almost like it.
        near: Vec<String>,
    },
    /// Operators do not want the step to run now.
    #[error("held back: {why}")]
    Withheld {
        /// Who, since when, why; or the hours.
        why: String,
    },
    /// The server is older than what is supported.
    #[error("the server is PostgreSQL {major}, and {oldest} is the oldest that is supported")]
    ServerTooOld {
        /// Its major version.
        major: i32,
        /// The oldest that is supported.
        oldest: i32,
    },
    /// Nothing can be written: a standby, or read-only for a while.
    #[error("the database cannot be written to: {why}")]
    ReadOnly {
        /// Why.
        why: ReadOnly,
    },
    /// The role lacks a right that was looked for before anything was changed.
    #[error("role {role} lacks the right {right}, {what_for}")]
    Denied {
        /// The role.
        role: String,
        /// The right.
        right: String,
        /// What it is needed for.
        what_for: &'static str,
        /// The statement that gives it.
        grant: String,
    },
    /// A step of the ledger cannot be read.
    #[error("the ledger's {what} cannot be read")]
    Decode {
        /// What was read.
        what: String,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// Somebody died in a statement that cannot run in a transaction and must not be repeated blindly.
    #[error(
        "statement {number} of {total} (`{statement}`) was begun by a process that died in it, and what \
         became of it is not known, since it cannot run in a transaction"
    )]
    Interrupted {
        /// The application.
        app: String,
        /// The step.
        step: StepId,
        /// The statement, shortened.
        statement: String,
        /// Its place in the file, from 1.
        number: usize,
        /// How many there are.
        total: usize,
    },
    /// Rows that are there would break a constraint, which was not added.
    #[error("{count} rows of {table} break {constraint}, e.g. those with the keys {sample}")]
    RowsBreak {
        /// How many.
        count: u64,
        /// The table.
        table: String,
        /// The constraint.
        constraint: String,
        /// The keys of some.
        sample: String,
    },
    /// The upgrade cannot be undone; nothing was changed.
    #[error("cannot roll back to {to}: {}", .reasons.join("; "))]
    CannotRollBack {
        /// The head to go back to.
        to: u64,
        /// All that is in the way.
        reasons: Vec<String>,
    },
    /// Raising the floor is not possible yet.
    #[error("the floor cannot be raised to {floor}: {reason}")]
    FloorBlocked {
        /// The floor that was asked for.
        floor: u64,
        /// Who is in the way.
        reason: String,
    },
    /// It took longer than its bound.
    #[error("{what} took longer than {limit_ms} ms")]
    Deadline {
        /// What.
        what: String,
        /// The bound.
        limit_ms: u64,
    },
    /// One row of a backfill takes longer than a batch may.
    #[error("the row of {table} with the key {key} does not end within {limit_ms} ms")]
    RowTooSlow {
        /// The table or partition.
        table: String,
        /// The row's key.
        key: String,
        /// The bound.
        limit_ms: u64,
    },
    /// Somebody was quicker; to be tried again.
    #[error("{what}")]
    Overtaken {
        /// What happened.
        what: String,
    },
    /// Somebody has cancelled a statement of ours.
    #[error("{action} was cancelled by somebody")]
    Cancelled {
        /// What was being done.
        action: String,
        /// The cause.
        #[source]
        source: tokio_postgres::Error,
    },
    /// A request that makes no sense, with the reason.
    #[error("{0}")]
    Invalid(String),
    /// An error that several wait for.
    #[error(transparent)]
    Shared(std::sync::Arc<Error>),
    /// The process was asked to stop.
    #[error("stopped on request")]
    Stopped,
}

/// Why a folder of migrations cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The file system refused.
    #[error("the file system refused")]
    Io(#[from] std::io::Error),
    /// The files are not a history of migrations.
    #[error("the files are not a history of migrations")]
    Source(#[from] changeover_plan::source::SourceError),
}

impl Error {
    /// Wraps a driver's error, giving those of the ledger's own SQLSTATEs their meaning.
    pub fn sql(action: impl Into<String>, source: tokio_postgres::Error) -> Self {
        if source.code().is_some_and(|code| code.code() == SQLSTATE_FENCED) {
            // Model: `LearnFenced`.
            return Self::TermLost;
        }
        Self::Sql { action: action.into(), source }
    }
}

/// Names in a row, or that there are none.
fn list(names: &[String]) -> String {
    if names.is_empty() { "none yet".to_owned() } else { names.join(", ") }
}

/// `1 try`, `2 tries`.
pub fn plural(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
