//! What follows where rows break a constraint that came after the look (`long.rs` validates): it goes
//! again. Added and not valid, it would reject every update of them. Its step is put back, so the next try
//! begins by looking. One that the author has added as `NOT VALID` stays. SQL: `sql/done_steps.sql`.

use super::{StepRun, look, undo};
use crate::error::Error;
use crate::text::document;
use changeover_plan::model::step::ConstraintValidate;
use changeover_plan::{Change, Step, StepId, StepKind};

const DONE_STEPS: &str = include_str!("sql/done_steps.sql");

/// What rows that break a constraint raise: NOT NULL, FOREIGN KEY, CHECK.
const BROKEN_BY_ROWS: [&str; 3] = ["23502", "23503", "23514"];

/// Whether a validation failed since rows break the constraint.
pub(super) fn is_broken(error: &Error) -> bool {
    error.sqlstate().is_some_and(|state| BROKEN_BY_ROWS.contains(&state))
}

/// Undoes the step that has added the constraint, and names the rows that break it.
pub(super) async fn take_back(
    run: &mut StepRun<'_>,
    validate: &ConstraintValidate,
    error: Error,
) -> Result<Error, Error> {
    let Some((adding, changes)) = adding(run, validate).await? else {
        return Ok(error);
    };
    undo::undo(run.worker, run.watch, run.options, &adding, run.stop).await?;
    match look::first(run, &changes).await {
        Err(error @ Error::RowsBreak { .. }) => Ok(error),
        Err(error) => Err(error),
        Ok(()) => Ok(Error::Overtaken {
            what: format!(
                "rows broke {} for a moment, and it was taken back",
                validate.constraint.as_str()
            ),
        }),
    }
}

/// The step that has added the constraint after a look, with what it changes.
async fn adding(
    run: &StepRun<'_>,
    validate: &ConstraintValidate,
) -> Result<Option<(Step, Vec<Change>)>, Error> {
    let needs: Vec<&str> = run.step.needs.iter().map(StepId::as_str).collect();
    let rows =
        run.watch.client.query(DONE_STEPS, &[&run.app(), &needs]).await.map_err(|source| {
            Error::sql("looking for the step that added the constraint", source)
        })?;
    for row in rows {
        let step: Step = document(&row, 0, "steps")?;
        let StepKind::Ddl(ddl) = &step.kind else { continue };
        let adds = |change: &Change| {
            matches!(change, Change::AddConstraint(add)
                if add.look.is_some()
                    && add.table == validate.table
                    && add.constraint.name == validate.constraint)
        };
        if ddl.changes.iter().any(adds) {
            let changes = ddl.changes.clone();
            return Ok(Some((step, changes)));
        }
    }
    Ok(None)
}
