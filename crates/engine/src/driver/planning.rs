//! Plans what is pending against the database as it is: for the holder, for a newer release that asks
//! whether it may disturb one, for an operator who only looks.

use crate::catalog;
use crate::connection::Connection;
use crate::error::Error;
use crate::ledger::state;
use crate::options::Options;
use changeover_plan::model::plan::PlanMode;
use changeover_plan::{AppliedMigration, Plan, Step};

/// Plans the migrations that are not in the ledger, against the database as it is.
pub(crate) async fn plan_pending(watch: &mut Connection, options: &Options) -> Result<Plan, Error> {
    let app = &options.app;
    let head = state::standing(&watch.client, app).await?.and_then(|standing| standing.head);
    let applied = state::applied(&watch.client, app).await?;
    let pending: Vec<Step> =
        state::open_steps(&watch.client, app).await?.into_iter().map(|open| open.step).collect();
    let fresh = head.is_none() && shared(watch, app).await?;
    plan_against(watch, options, fresh, &applied, &pending).await
}

/// Plans for a database without a ledger.
pub(crate) async fn plan_without_ledger(
    watch: &mut Connection,
    options: &Options,
) -> Result<Plan, Error> {
    plan_against(watch, options, false, &[], &[]).await
}

/// `fresh`: tables that are there belong to another application.
async fn plan_against(
    watch: &mut Connection,
    options: &Options,
    fresh: bool,
    applied: &[AppliedMigration],
    pending: &[Step],
) -> Result<Plan, Error> {
    let app = &options.app;
    changeover_plan::source::verify_history(applied, &options.migrations)?;
    let mut mode = options.mode;
    if applied.is_empty() {
        let tables = catalog::some_tables(watch).await?;
        if !tables.is_empty() && !options.fresh && !fresh {
            return Err(Error::NotAdopted { app: app.clone(), examples: tables.join(", ") });
        }
        // Nobody can have served from a database that holds nothing of ours.
        mode = PlanMode::AtOnce;
    }
    let catalog = catalog::load(watch).await?;
    let migrations = &options.migrations;
    let request =
        changeover_plan::Request { app, migrations, applied, catalog: &catalog, pending, mode };
    Ok(changeover_plan::plan(request)?)
}

/// Whether another application has its migrations in this ledger: then the tables may be its.
async fn shared(watch: &Connection, app: &str) -> Result<bool, Error> {
    let row = watch
        .client
        .query_one(
            "SELECT EXISTS (SELECT 1 FROM changeover.app WHERE app <> $1 AND head IS NOT NULL)",
            &[&app],
        )
        .await
        .map_err(|source| Error::sql("reading the ledger", source))?;
    Ok(row.get(0))
}
