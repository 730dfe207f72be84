//! What to do about an error, for people: the CLI and a service's log print it behind the error.

use super::{Error, FolderError};
use changeover_plan::PlanError;

impl Error {
    /// The whole chain and what to do next, in one text: for a ledger or a log, where nothing else says it.
    pub fn chain_and_remedy(&self) -> String {
        let chain = super::chain(self);
        match self.remedy() {
            Some(remedy) => format!("{chain}; what to do: {remedy}"),
            None => chain,
        }
    }

    /// What to do next, in one or two sentences; `None` where the text says all.
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Connect { source, .. } => source.remedy(),
            Self::Url { source } => source.remedy(),
            Self::Pooled { .. } => "give the server's own address, past the pooler (a pooler in \
                session mode will do): CHANGEOVER_OWNER_URL or --database-url for `changeover`, \
                `Options::owner_url` for a service that embeds the library; only the service's own \
                connection (`Options::service_url`) may be pooled. Nothing was changed"
                .to_owned(),
            Self::LockNotAvailable { .. } => "end or wait for the transactions named above, then \
                start again: nothing was changed by this step, and it goes on from here"
                .to_owned(),
            Self::TermLost => {
                "nothing is to be done: the other process goes on from the last step \
                that was committed"
                    .to_owned()
            }
            Self::BelowFloor { floor, .. } => format!(
                "start a release that knows migration {floor} or later: what this one needs may be \
                 gone from the schema"
            ),
            Self::Refused { .. } => "rewrite these statements (`changeover plan` shows all of \
                them); the database was not changed"
                .to_owned(),
            Self::History(source) | Self::Plan(PlanError::History(source)) => {
                let remedies: Vec<String> = source
                    .faults
                    .iter()
                    .map(changeover_plan::source::HistoryFault::remedy)
                    .collect();
                remedies.join("; ")
            }
            Self::Plan(PlanError::Unsound { .. }) => "this is a fault of Changeover, not of your \
                migration: report it with the file; the database was not changed"
                .to_owned(),
            Self::Shared(error) => return error.remedy(),
            Self::GaveUp { source, .. } => return source.remedy(),
            Self::Step { source, .. } => return source.remedy().or_else(|| step_remedy(source)),
            Self::Folder { source: FolderError::Source(source), .. } => source.remedy().to_owned(),
            Self::Sql { .. } => return step_remedy(self),
            _ => return self.waits_for(),
        })
    }

    /// What to do where something or somebody must first be there, or gone.
    fn waits_for(&self) -> Option<String> {
        Some(match self {
            Self::NotAdopted { .. } => "run `changeover adopt --at N` where N is the last migration \
                whose effects are in this database; or `--fresh` if the tables belong to something else"
                .to_owned(),
            Self::LedgerTooNew { .. } => "use the Changeover of the release that wrote it".to_owned(),
            Self::NoLedger => "run `changeover migrate` (new database) or `changeover adopt` \
                (existing one) as the role that owns the tables"
                .to_owned(),
            Self::UnknownApp { known, .. } if known.is_empty() => "run `changeover migrate` or \
                `changeover adopt` with this --app first"
                .to_owned(),
            Self::UnknownApp { .. } => "name one of these with --app, CHANGEOVER_APP or `app` in \
                changeover.toml; a new one begins with `changeover migrate` or `changeover adopt`"
                .to_owned(),
            Self::UnknownStep { .. } => "`changeover status` shows the steps".to_owned(),
            Self::Withheld { .. } => "`changeover resume` lets what was cancelled begin again; \
                `changeover pace --hours any` lets it begin at any hour"
                .to_owned(),
            Self::ServerTooOld { .. } => "upgrade the server first".to_owned(),
            Self::ReadOnly { why } => why.remedy(),
            Self::Denied { grant, .. } => format!(
                "as the database's owner or a superuser: {grant}; or connect as the role that owns the \
                 tables. Nothing was changed"
            ),
            Self::RowsParked { .. } => "mend or delete these rows (they are listed in \
                changeover.parked_row); the step is tried again by itself, or by `changeover migrate`"
                .to_owned(),
            Self::RowsBreak { .. } => "mend these rows, then start again; the constraint was not added, and \
                nothing is rejected meanwhile"
                .to_owned(),
            Self::CannotRollBack { .. } => "go back no further than the floor; an instance of the newer \
                release ends with its Deployment rolled back. What cannot be undone needs a migration \
                forward"
                .to_owned(),
            Self::RowTooSlow { .. } => "give a batch longer: `--batch-ms N` (`Pace::batch_target` in the \
                library; a batch of one row may take 40 times as long), or make the expression faster. \
                What was committed is kept"
                .to_owned(),
            Self::Cancelled { .. } => "nothing is to be done: the step is tried again, and goes on from \
                its last committed batch"
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
            _ => return None,
        })
    }
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
        "42501" => match sql_cause(error) {
            Some((action, cause)) => super::rights::remedy(action, cause),
            None => return None,
        },
        "25006" => "the server has become read-only meanwhile (a failover, maintenance, a full disk): \
            start again once it takes writes; what was committed is kept"
            .to_owned(),
        "3F000" => "none of the schemas in the role's search_path exists: write the schema before the \
            name, or ALTER ROLE … SET search_path = public"
            .to_owned(),
        "42704" if is_about_service_role(error) => {
            "create the role (CREATE ROLE … LOGIN), or correct --service-role or `service_roles` in \
             changeover.toml"
                .to_owned()
        }
        state if state.starts_with("23") => {
            "rows that are there break the new constraint: mend them, then start again".to_owned()
        }
        state if state.starts_with("08") || state.starts_with("57P") => {
            "the connection was lost: start again; what was committed is kept".to_owned()
        }
        _ => return None,
    })
}

/// What was being done, and the server's own words.
fn sql_cause(error: &Error) -> Option<(&str, &tokio_postgres::error::DbError)> {
    match error {
        Error::Sql { action, source } => Some((action, source.as_db_error()?)),
        Error::Step { source, .. } | Error::GaveUp { source, .. } => sql_cause(source),
        _ => None,
    }
}

fn is_about_service_role(error: &Error) -> bool {
    sql_cause(error).is_some_and(|(action, _)| action.starts_with("granting the ledger"))
}
