//! What can go wrong in the engine, as one type that says whether trying again may help.
//!
//! Texts are lower-case fragments and never repeat their cause; [`Error::remedy`] is what the CLI
//! and a service's log add: what to do next.

use changeover_plan::{Plan, PlanError, StepId};
use tokio_postgres::error::SqlState;

/// The SQLSTATE with which the ledger refuses a head below the floor.
pub const SQLSTATE_BELOW_FLOOR: &str = "CO001";
/// The SQLSTATE with which the guard refuses a term that is not (or no longer) held.
pub const SQLSTATE_FENCED: &str = "CO002";
/// The SQLSTATE for an application that the ledger does not know.
pub const SQLSTATE_UNKNOWN_APP: &str = "CO003";
/// The SQLSTATE for an instance that is not registered, or was given up.
pub const SQLSTATE_UNREGISTERED: &str = "CO004";

/// The SQLSTATE for a session whose name does not say to which instance it belongs.
pub const SQLSTATE_UNNAMED: &str = "CO005";
/// The SQLSTATE for a kind of job that nobody has declared in this version, or not before the switch.
pub const SQLSTATE_NOT_ENQUEUEABLE: &str = "CO006";
/// The SQLSTATE for a job that is not (or no longer) claimed by whoever ends it.
pub const SQLSTATE_NOT_CLAIMED: &str = "CO007";

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
        source: tokio_postgres::Error,
    },
    /// The connection string cannot be used.
    #[error("the connection string cannot be used: {reason}")]
    Url {
        /// Why.
        reason: String,
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
    #[error("{count} rows of {table} have no new value, since the expression raises: {sample}")]
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
    #[error("{} of the pending statements cannot be made online", .plan.refusals.len())]
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

    /// The SQLSTATE of the cause, if the server gave one.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Sql { source, .. } | Self::Connect { source, .. } => {
                source.code().map(SqlState::code)
            }
            Self::Step { source, .. } | Self::GaveUp { source, .. } => source.sqlstate(),
            Self::Shared(error) => error.sqlstate(),
            _ => None,
        }
    }

    /// Whether the connection is gone, so that nothing is known of what was under way.
    pub fn is_connection_lost(&self) -> bool {
        match self {
            Self::Sql { source, .. } => {
                let io = std::error::Error::source(source)
                    .is_some_and(|cause| cause.downcast_ref::<std::io::Error>().is_some());
                source.is_closed()
                    || io
                    || self
                        .sqlstate()
                        .is_some_and(|state| state.starts_with("08") || state.starts_with("57P"))
            }
            Self::Connect { .. } => true,
            Self::Step { source, .. } => source.is_connection_lost(),
            _ => false,
        }
    }

    /// Whether somebody else has to do something first: not a failure, the step waits.
    pub fn is_held(&self) -> bool {
        match self {
            Self::FloorBlocked { .. } | Self::RowsParked { .. } | Self::WorkersUnowned { .. } => {
                true
            }
            Self::Step { source, .. } => source.is_held(),
            _ => false,
        }
    }

    /// Whether the same thing may succeed when tried again, nothing else changed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::LockNotAvailable { .. }
            | Self::FloorBlocked { .. }
            | Self::WorkersUnowned { .. }
            | Self::Deadline { .. } => true,
            Self::Step { source, .. } => source.is_retryable(),
            Self::Sql { .. } | Self::Connect { .. } => {
                self.is_connection_lost()
                    // Serialization failure, deadlock, lock not available, cancelled by a timeout,
                    // too many connections or out of memory, disk full.
                    || self.sqlstate().is_some_and(|state| {
                        state.starts_with("40") || state.starts_with("53")
                            || state == "55P03" || state == "57014"
                    })
            }
            _ => false,
        }
    }

    /// What to do next, in one or two sentences; `None` where the text says all.
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Connect { .. } => "check that the server runs and that host, port, role and \
                password in the connection string are right"
                .to_owned(),
            Self::Pooled { .. } => "give the server's own address, past the pooler (a pooler in \
                session mode will do): CHANGEOVER_OWNER_URL or --database-url for `changeover`, \
                `Options::owner_url` for a service that embeds the library; only the service's own \
                connection (`Options::service_url`) may be pooled. Nothing was changed"
                .to_owned(),
            Self::LockNotAvailable { .. } => "end or wait for the transactions named above, then \
                start again: nothing was changed by this step, and it goes on from here"
                .to_owned(),
            Self::TermLost => "nothing is to be done: the other process goes on from the last step \
                that was committed"
                .to_owned(),
            Self::BelowFloor { floor, .. } => format!(
                "start a release that knows migration {floor} or later: what this one needs may be \
                 gone from the schema"
            ),
            Self::Refused { .. } => "run `changeover plan` to see each of them with file, line and \
                what to write instead; the database was not changed"
                .to_owned(),
            Self::History(source) | Self::Plan(PlanError::History(source)) => {
                let remedies: Vec<String> =
                    source.faults.iter().map(changeover_plan::source::HistoryFault::remedy).collect();
                remedies.join("; ")
            }
            Self::Plan(PlanError::Unsound { .. }) => "this is a fault of Changeover, not of your \
                migration: report it with the file; the database was not changed"
                .to_owned(),
            Self::Shared(error) => return error.remedy(),
            Self::GaveUp { source, .. } => return source.remedy(),
            Self::NotAdopted { .. } => "run `changeover adopt --at N` where N is the last migration \
                whose effects are in this database; or `--fresh` if the tables belong to something else"
                .to_owned(),
            Self::LedgerTooNew { .. } => "use the Changeover of the release that wrote it".to_owned(),
            Self::NoLedger => "run `changeover migrate` (new database) or `changeover adopt` \
                (existing one) as the role that owns the tables"
                .to_owned(),
            Self::RowsParked { .. } => "mend or delete these rows (they are listed in \
                changeover.parked_row); the step is tried again by itself, or by `changeover migrate`"
                .to_owned(),
            Self::FloorBlocked { .. } => "stop or upgrade these instances, then try again".to_owned(),
            Self::TenureLost { .. } => "nothing is to be done: the other process goes on from the \
                last unit of work that was committed"
                .to_owned(),
            Self::WorkersUnowned { .. } => "wait until an instance of the newer release serves that \
                has the worker (`changeover workers` shows who owns what), or let the release that \
                does without it say so: `.retired(name)`"
                .to_owned(),
            Self::Interrupted { app, step, number, .. } => format!(
                "look in the database whether it was carried out, and mend it where it was in part. Then \
                 tell the ledger, UPDATE changeover.progress SET cursor = '[\"{number}\"]' WHERE app = \
                 '{app}' AND step = '{step}' if it was, '[\"{}\"]' if it was not, and start again",
                number - 1
            ),
            Self::Step { source, .. } => return source.remedy().or_else(|| step_remedy(source)),
            Self::Folder { source: FolderError::Source(source), .. } => source.remedy().to_owned(),
            Self::Sql { .. } => return step_remedy(self),
            _ => return None,
        })
    }
}

/// `1 try`, `2 tries`.
pub(crate) fn plural(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What to do after a step's statement failed, by SQLSTATE.
fn step_remedy(error: &Error) -> Option<String> {
    let state = error.sqlstate()?;
    Some(match state {
        "53100" => "the server's disk is full: make room, then start again; the step goes on from \
            its last committed batch"
            .to_owned(),
        "23505" => "rows with the same key exist: mend them, then start again; the invalid index \
            was dropped"
            .to_owned(),
        "42501" => "the migrating role lacks a right: it must own the tables it changes".to_owned(),
        state if state.starts_with("23") => {
            "rows that are there break the new constraint: mend them, then start again".to_owned()
        }
        state if state.starts_with("08") || state.starts_with("57P") => {
            "the connection was lost: start again; what was committed is kept".to_owned()
        }
        _ => return None,
    })
}

/// The whole chain of an error in one line: `a: b: c`.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = describe(error);
    let mut cause = error.source();
    // Bounded: no chain of ours is deeper than a handful.
    for _ in 0..16 {
        let Some(source) = cause else { break };
        let line = describe(source);
        if !text.ends_with(&line) {
            text.push_str(": ");
            text.push_str(&line);
        }
        cause = source.source();
    }
    text
}

/// One error of a chain; a server's error with SQLSTATE, detail and hint.
fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let Some(database) = error.downcast_ref::<tokio_postgres::error::DbError>() else {
        return match error.downcast_ref::<tokio_postgres::Error>() {
            Some(driver) if driver.as_db_error().is_some() => "the server answered".to_owned(),
            _ => error.to_string(),
        };
    };
    let mut text = format!("{} [{}]", database.message(), database.code().code());
    if let Some(detail) = database.detail() {
        text.push_str(&format!(" ({detail})"));
    }
    if let Some(hint) = database.hint() {
        text.push_str(&format!(" (hint: {hint})"));
    }
    text
}
