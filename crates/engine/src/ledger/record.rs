//! Writes plans, step states and events into the ledger.
//!
//! Called by the driver and the steps, always within a guarded transaction: a step is recorded in
//! the transaction that does it (law 5). Each change says how many rows it must touch.

use crate::error::Error;
use crate::term::GuardedTransaction;
pub(crate) use changeover_ledger::record::{bigint, event};
use changeover_plan::{Migration, Plan, Step, StepId, model::plan::PlanMode};

const WITHDRAW: &str = include_str!("sql/withdraw.sql");
const INSERT_STEP: &str = include_str!("sql/insert_step.sql");
const STEP_BEGIN: &str = include_str!("sql/step_begin.sql");
const STEP_DONE: &str = include_str!("sql/step_done.sql");
const STEP_WITHHELD: &str = include_str!("sql/step_withheld.sql");
const STEP_ERROR: &str = include_str!("sql/step_error.sql");
const TIDY: &str = include_str!("sql/tidy.sql");

/// Keeps a plan with its migrations and steps, and raises the head.
pub(crate) async fn plan(
    transaction: &GuardedTransaction<'_>,
    plan: &Plan,
    serving_from: Option<u64>,
) -> Result<(), Error> {
    let client = transaction.client();
    let sql = |source| Error::sql("recording the plan", source);
    let value = serde_json::to_value(plan)
        .map_err(|source| Error::Decode { what: "plan".to_owned(), source })?;
    let plan_id: i64 = client
        .query_one(
            "INSERT INTO changeover.plan (app, head, from_head, serving_from, epoch, plan) \
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
            &[
                &plan.app,
                &bigint(plan.head),
                &plan.from_head.map(bigint),
                &serving_from.map(bigint),
                &transaction.epoch(),
                &value,
            ],
        )
        .await
        .map_err(sql)?
        .get(0);
    for migration in &plan.migrations {
        client
            .execute(
                "INSERT INTO changeover.migration (app, number, name, file, checksum, plan_id) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[
                    &plan.app,
                    &bigint(migration.number),
                    &migration.name,
                    &migration.file,
                    &migration.checksum,
                    &plan_id,
                ],
            )
            .await
            .map_err(sql)?;
    }
    for (position, step) in plan.steps.iter().enumerate() {
        insert_step(transaction, &plan.app, plan_id, position, step).await?;
    }
    // Where nobody served and everything runs at once, nothing older can come back either.
    let floor = if plan.mode == PlanMode::AtOnce { bigint(plan.head) } else { 0 };
    client
        .execute(
            "UPDATE changeover.app SET head = GREATEST(coalesce(head, 0), $2), \
                    floor = GREATEST(floor, $3) WHERE app = $1",
            &[&plan.app, &bigint(plan.head), &floor],
        )
        .await
        .map_err(sql)?;
    client
        .execute(
            "DELETE FROM changeover.refused_release WHERE app = $1 AND head <= $2",
            &[&plan.app, &bigint(plan.head)],
        )
        .await
        .map_err(sql)?;
    Ok(())
}

async fn insert_step(
    transaction: &GuardedTransaction<'_>,
    app: &str,
    plan_id: i64,
    position: usize,
    step: &Step,
) -> Result<(), Error> {
    let value = serde_json::to_value(step)
        .map_err(|source| Error::Decode { what: "step".to_owned(), source })?;
    let needs: Vec<&str> = step.needs.iter().map(StepId::as_str).collect();
    transaction
        .client()
        .execute(
            INSERT_STEP,
            &[
                &app,
                &step.id.as_str(),
                &plan_id,
                &i32::try_from(position).unwrap_or(i32::MAX),
                &bigint(step.migration),
                &step.phase.as_str(),
                &step.before_serving,
                &step.floor.map(bigint),
                &needs,
                &step.kind.as_str(),
                &step.title,
                &value,
            ],
        )
        .await
        .map_err(|source| Error::sql(format!("recording step {}", step.id), source))?;
    Ok(())
}

/// Marks a step as running on this backend.
pub(crate) async fn step_begin(
    transaction: &GuardedTransaction<'_>,
    app: &str,
    step: &StepId,
) -> Result<(), Error> {
    one_row(transaction, STEP_BEGIN, app, step, "beginning").await
}

/// Marks a step as done.
pub(crate) async fn step_done(
    transaction: &GuardedTransaction<'_>,
    app: &str,
    step: &StepId,
) -> Result<(), Error> {
    one_row(transaction, STEP_DONE, app, step, "finishing").await
}

async fn one_row(
    transaction: &GuardedTransaction<'_>,
    statement: &str,
    app: &str,
    step: &StepId,
    doing: &str,
) -> Result<(), Error> {
    let rows = transaction
        .client()
        .execute(statement, &[&app, &step.as_str(), &transaction.epoch()])
        .await
        .map_err(|source| Error::sql(format!("{doing} step {step} in the ledger"), source))?;
    if rows == 1 {
        return Ok(());
    }
    Err(Error::NotVerified {
        what: format!("step {step} in the ledger"),
        detail: "somebody else has recorded it as done".to_owned(),
    })
}

/// Keeps why a step did not work.
pub(crate) async fn step_error(
    transaction: &GuardedTransaction<'_>,
    app: &str,
    step: &StepId,
    error: &str,
    failed: bool,
) -> Result<(), Error> {
    transaction
        .client()
        .execute(STEP_ERROR, &[&app, &step.as_str(), &error, &failed, &transaction.epoch()])
        .await
        .map_err(|source| Error::sql(format!("recording the error of step {step}"), source))?;
    Ok(())
}

/// Puts a step that operators hold back to where it was before it was begun; how far it is stays.
pub(crate) async fn step_withheld(
    transaction: &GuardedTransaction<'_>,
    app: &str,
    step: &StepId,
) -> Result<(), Error> {
    transaction
        .client()
        .execute(STEP_WITHHELD, &[&app, &step.as_str(), &transaction.epoch()])
        .await
        .map_err(|source| Error::sql(format!("putting step {step} back"), source))?;
    Ok(())
}

/// Enters migrations as applied before Changeover came, and sets the head.
pub(crate) async fn adopt(
    transaction: &GuardedTransaction<'_>,
    app: &str,
    migrations: &[Migration],
    head: u64,
) -> Result<(), Error> {
    let sql = |source| Error::sql("adopting the database", source);
    for migration in migrations {
        transaction
            .client()
            .execute(
                "INSERT INTO changeover.migration (app, number, name, file, checksum, adopted) \
                 VALUES ($1, $2, $3, $4, $5, true)",
                &[
                    &app,
                    &bigint(migration.number),
                    &migration.name,
                    &migration.file,
                    &migration.checksum,
                ],
            )
            .await
            .map_err(sql)?;
    }
    transaction
        .client()
        .execute("UPDATE changeover.app SET head = $2 WHERE app = $1", &[&app, &bigint(head)])
        .await
        .map_err(sql)?;
    event(transaction, app, "adopted", None, &format!("adopted at migration {head}")).await
}

/// Forgets the migrations from a number on, of which nothing has taken effect.
pub(crate) async fn withdraw(
    transaction: &GuardedTransaction<'_>,
    app: &str,
    from: u64,
) -> Result<(), Error> {
    transaction
        .client()
        .execute(WITHDRAW, &[&app, &bigint(from)])
        .await
        .map_err(|source| Error::sql("forgetting migrations that had no effect", source))?;
    Ok(())
}

/// Forgets the rows that were left out under this step: it has looked at them again itself.
pub(crate) async fn forget_skipped(
    transaction: &GuardedTransaction<'_>,
    app: &str,
    step: &StepId,
) -> Result<(), Error> {
    transaction
        .client()
        .execute(
            "DELETE FROM changeover.skipped_row WHERE app = $1 AND step = $2",
            &[&app, &step.as_str()],
        )
        .await
        .map_err(|source| Error::sql("forgetting skipped rows", source))?;
    Ok(())
}

/// Forgets what is old: instances that are gone, events, refused releases.
pub(crate) async fn tidy(transaction: &GuardedTransaction<'_>, app: &str) -> Result<(), Error> {
    transaction
        .client()
        .execute(TIDY, &[&app])
        .await
        .map_err(|source| Error::sql("tidying the ledger", source))?;
    Ok(())
}
