//! A file that cannot run in one transaction: statement by statement, each in a guarded transaction that
//! also moves the cursor, so that the next holder repeats nothing.
//!
//! What the server refuses in a transaction runs without one; before, the cursor says that it was begun.
//! Who finds it so does it again only where that is safe or can be seen to be needed
//! ([`Repetition`]); else the step fails and says what to look at.
//!
//! A statement may depend on settings that those before it have made in the session. They are made again
//! for each statement and taken back after it, so that it is the same in whichever session it runs, and
//! the ledger is written by the owner.

use super::{bounds, failed, statements};
use crate::connection;
use crate::error::Error;
use crate::ledger::record;
use crate::pause::PausePoint;
use crate::step::StepRun;
use crate::step::progress::{self, Advance, Place};
use crate::term::GuardedTransaction;
use crate::text::exact;
use changeover_plan::model::step::Script;
use changeover_plan::script::{Repetition, sets_session};
use changeover_plan::sql::one_line;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

const INDEX: &str = include_str!("../sql/script_index.sql");
const IS_THERE: &str = "SELECT WHERE pg_catalog.to_regclass($1) IS NOT NULL";

/// What is counted in the progress.
const UNITS: &str = "statements";
/// Stands behind the number in the cursor of a statement that was begun outside of a transaction.
const BEGUN: &str = "begun";

/// How far a script is.
struct Cursor {
    /// How many statements are done.
    done: usize,
    /// Whether the next one was begun outside of a transaction.
    begun: bool,
}

impl Cursor {
    fn read(key: Option<&[String]>) -> Result<Self, Error> {
        let Some(key) = key else { return Ok(Self { done: 0, begun: false }) };
        let done = key.first().and_then(|number| number.parse().ok());
        let begun = key.get(1).is_some_and(|word| word == BEGUN);
        let done = done
            .ok_or_else(|| Error::Invalid(format!("the cursor {key:?} of a file is no number")))?;
        Ok(Self { done, begun })
    }

    fn key(&self) -> Vec<String> {
        let begun = self.begun.then(|| BEGUN.to_owned());
        std::iter::once(self.done.to_string()).chain(begun).collect()
    }
}

/// Runs what is not done yet, and records the step.
pub(super) async fn run(run: &mut StepRun<'_>, script: &Script) -> Result<(), Error> {
    let (step, total) = (run.step, script.statements.len());
    let mut cursor = cursor(run, total).await?;
    while cursor.done < total {
        run.check_stop()?;
        if cursor.begun {
            interrupted(run, script, cursor.done).await?;
        } else if !guarded(run, script, cursor.done).await? {
            unguarded(run, script, cursor.done).await?;
        }
        cursor = Cursor { done: cursor.done + 1, begun: false };
    }
    let end = run.worker.begin().await?;
    progress::advance(&end, place(&run.options.app, step), None, true, Advance::default()).await?;
    record::step_done(&end, &run.options.app, &step.id).await?;
    end.pause(PausePoint::BeforeCommit, Some(step)).await;
    end.commit().await
}

async fn cursor(run: &mut StepRun<'_>, total: usize) -> Result<Cursor, Error> {
    let place = place(&run.options.app, run.step);
    let transaction = run.worker.begin().await?;
    let total = u64::try_from(total).unwrap_or(u64::MAX);
    let found = progress::ensure(&transaction, place, total, UNITS, None).await?;
    transaction.commit().await?;
    Cursor::read(found.cursor.as_deref())
}

/// The file is the one part that there is.
fn place<'a>(app: &'a str, step: &'a changeover_plan::Step) -> Place<'a> {
    Place { app, step: &step.id, part: &step.file }
}

/// Runs a statement together with the cursor. `false`: the server refuses it in a transaction.
async fn guarded(run: &mut StepRun<'_>, script: &Script, at: usize) -> Result<bool, Error> {
    let (step, options) = (run.step, run.options);
    let statement = &script.statements[at];
    let transaction = run.worker.begin().await?;
    transaction.guard_early().await?;
    let client = transaction.client();
    statements(client, &[bounds(&options.locks, "SET LOCAL")]).await?;
    statements(client, &settings(script, at)).await?;
    match client.batch_execute(statement).await {
        Err(error) if error.code().is_some_and(forbids_transaction) => {
            transaction.rollback().await?;
            return Ok(false);
        }
        outcome => outcome.map_err(failed(statement))?,
    }
    statements(client, &[connection::reset_worker()]).await?;
    done(&transaction, &options.app, step, at).await?;
    transaction.pause(PausePoint::BeforeCommit, Some(step)).await;
    transaction.commit().await?;
    Ok(true)
}

/// 25001: not within a transaction. 2D000: a procedure ends transactions itself.
fn forbids_transaction(state: &SqlState) -> bool {
    *state == SqlState::ACTIVE_SQL_TRANSACTION
        || *state == SqlState::INVALID_TRANSACTION_TERMINATION
}

/// What the statements before have set up.
fn settings(script: &Script, at: usize) -> Vec<String> {
    script.statements[..at].iter().filter(|text| sets_session(text)).cloned().collect()
}

/// Moves the cursor behind a statement.
async fn done(
    transaction: &GuardedTransaction<'_>,
    app: &str,
    step: &changeover_plan::Step,
    at: usize,
) -> Result<(), Error> {
    let key = Cursor { done: at + 1, begun: false }.key();
    let one = Advance { done: 1, written: 0 };
    progress::advance(transaction, place(app, step), Some(&key), false, one).await
}

/// Runs a statement on its own, having said so before.
async fn unguarded(run: &mut StepRun<'_>, script: &Script, at: usize) -> Result<(), Error> {
    let (step, statement) = (run.step, &script.statements[at]);
    mark(run, &Cursor { done: at, begun: true }).await?;
    run.worker.pause(PausePoint::BeforeUnguarded, Some(step)).await;
    if let Err(error) = alone(run, script, at, statement).await {
        // What fails wholly may simply be tried again.
        if !error.is_connection_lost() && Repetition::of(statement) == Repetition::Whole {
            mark(run, &Cursor { done: at, begun: false }).await?;
        }
        return Err(error);
    }
    run.worker.pause(PausePoint::EffectUnrecorded, Some(step)).await;
    carried_out(run, at).await
}

/// Moves the cursor behind a statement that was carried out outside of a transaction.
async fn carried_out(run: &mut StepRun<'_>, at: usize) -> Result<(), Error> {
    let (app, step) = (&run.options.app, run.step);
    let end = run.worker.begin().await?;
    done(&end, app, step, at).await?;
    end.pause(PausePoint::BeforeCommit, Some(step)).await;
    end.commit().await
}

async fn mark(run: &mut StepRun<'_>, cursor: &Cursor) -> Result<(), Error> {
    let place = place(&run.options.app, run.step);
    let transaction = run.worker.begin().await?;
    let key = cursor.key();
    progress::advance(&transaction, place, Some(&key), false, Advance::default()).await?;
    transaction.commit().await
}

/// Runs a text outside of a transaction as the statement at that place would be run.
async fn alone(run: &StepRun<'_>, script: &Script, at: usize, text: &str) -> Result<(), Error> {
    let client = run.worker.unguarded();
    let mut before = vec![
        bounds(&run.options.locks, "SET"),
        "SET default_transaction_read_only = off".to_owned(),
    ];
    before.extend(settings(script, at));
    let outcome = match statements(client, &before).await {
        Ok(()) => client.batch_execute(text).await.map_err(failed(text)),
        failed => failed,
    };
    let reset = client.batch_execute(&connection::reset_worker()).await;
    outcome?;
    reset.map_err(|source| Error::sql("resetting the session", source))
}

/// A statement that was begun outside of a transaction by somebody who was not told what became of it.
async fn interrupted(run: &mut StepRun<'_>, script: &Script, at: usize) -> Result<(), Error> {
    let statement = &script.statements[at];
    match Repetition::of(statement) {
        Repetition::Harmless => unguarded(run, script, at).await,
        Repetition::IndexBuild { table, index } => {
            let found = look(run, script, at, (INDEX, &[&index.as_str(), &table])).await?;
            match found {
                Some(row) if row.get(0) => carried_out(run, at).await,
                Some(row) => {
                    let leftover: String = exact(&row, 1, "reading the index's name")?;
                    let drop = format!("DROP INDEX CONCURRENTLY {leftover}");
                    alone(run, script, at, &drop).await?;
                    unguarded(run, script, at).await
                }
                None => unguarded(run, script, at).await,
            }
        }
        Repetition::IndexDrop { index } => {
            match look(run, script, at, (IS_THERE, &[&index])).await? {
                None => carried_out(run, at).await,
                Some(_) => unguarded(run, script, at).await,
            }
        }
        Repetition::Whole | Repetition::Unknown => Err(Error::Interrupted {
            app: run.options.app.clone(),
            step: run.step.id.clone(),
            statement: one_line(statement),
            number: at + 1,
            total: script.statements.len(),
        }),
    }
}

/// Asks for one row, as the statement at that place would see it.
async fn look(
    run: &mut StepRun<'_>,
    script: &Script,
    at: usize,
    (sql, parameters): (&str, &[&(dyn ToSql + Sync)]),
) -> Result<Option<Row>, Error> {
    let look = run.worker.begin().await?;
    statements(look.client(), &settings(script, at)).await?;
    let row = look
        .client()
        .query_opt(sql, parameters)
        .await
        .map_err(|source| Error::sql("looking at the index", source))?;
    // With what was set up for the look.
    look.rollback().await?;
    Ok(row)
}
