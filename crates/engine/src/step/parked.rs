//! What a trigger's removal waits for: that no row of it is parked, and that no part of its table came
//! after the check.
//!
//! Parked rows hold the contract: as long as one of them cannot have its value, the trigger that would
//! compute it must stay. Tried again here, since their owner may have mended or deleted them. A part
//! that was attached after the check, filled by somebody else, is filled and checked here; so is one that was
//! detached meanwhile and attached again, since nothing kept its rows right between.

use super::StepRun;
use super::{backfill, backfill_check};
use crate::backfill::{Batch, Part, parts};
use crate::error::Error;
use crate::term::GuardedTransaction;
use crate::text::{document, text};
use changeover_plan::model::step::Backfill;
use changeover_plan::{Identifier, Step, StepId, StepKind};
use std::collections::BTreeMap;
use tokio_postgres::Client;

const STEPS_OF: &str = include_str!("sql/backfill_of_trigger.sql");
const CHECKED: &str = include_str!("sql/parts_checked.sql");

/// A backfill that relies on a trigger, with its step and the one that checks it.
pub(super) struct Relying {
    backfill: Backfill,
    fill: StepId,
    check: Option<StepId>,
}

/// The backfills that rely on some triggers.
pub(super) async fn relying(
    run: &StepRun<'_>,
    triggers: &[&Identifier],
) -> Result<Vec<Relying>, Error> {
    let names: Vec<&str> = triggers.iter().map(|trigger| trigger.as_str()).collect();
    let rows = run
        .watch
        .client
        .query(STEPS_OF, &[&run.options.app, &names])
        .await
        .map_err(|source| Error::sql("looking for the trigger's backfill", source))?;
    let mut steps: Vec<Step> = Vec::new();
    for row in rows {
        steps.push(document(&row, 0, "steps")?);
    }
    let check_of = |backfill: &Backfill| {
        let same = |step: &&Step| match &step.kind {
            StepKind::BackfillCheck(check) => check.0.sync_trigger == backfill.sync_trigger,
            _ => false,
        };
        steps.iter().find(same).map(|step| step.id.clone())
    };
    Ok(steps
        .iter()
        .filter_map(|step| match &step.kind {
            StepKind::Backfill(backfill) => Some(Relying {
                backfill: backfill.clone(),
                fill: step.id.clone(),
                check: check_of(backfill),
            }),
            _ => None,
        })
        .collect())
}

/// Fills and checks parts that came after the check. Fails with [`Error::RowsParked`] while rows still
/// cannot have their value; forgets those that can.
pub(super) async fn release(run: &mut StepRun<'_>, relying: &[Relying]) -> Result<(), Error> {
    for one in relying {
        let late = unchecked(&run.watch.client, run.app(), one).await?;
        if !late.is_empty() {
            backfill::fill_parts(run, &one.backfill, &one.fill, &late).await?;
            if let Some(check) = &one.check {
                backfill_check::check_parts(run, &one.backfill, check, &late).await?;
            }
        }
        for part in &parts(&run.watch.client, &one.backfill).await? {
            let batch = Batch::new(&one.backfill, part, run.options, &one.fill);
            let outcome = batch.recheck_parked(run.worker).await;
            let left = backfill::unless_gone(run, &one.backfill, part, &one.fill, outcome).await?;
            if let Some(left) = left.filter(|left| left.count > 0) {
                let table = part.name().to_owned();
                return Err(Error::RowsParked { count: left.count, table, sample: left.sample });
            }
        }
    }
    Ok(())
}

/// Fails where a part came since [`release`]: looked at under the lock that the removal holds on the
/// table, with which none can be attached. The step is tried again.
pub(super) async fn still_released(
    transaction: &GuardedTransaction<'_>,
    app: &str,
    relying: &[Relying],
) -> Result<(), Error> {
    for one in relying {
        if let Some(part) = unchecked(transaction.client(), app, one).await?.first() {
            return Err(Error::Overtaken {
                what: format!("{} was attached just now and is not checked yet", part.name()),
            });
        }
    }
    Ok(())
}

/// The parts that are there and were not checked.
async fn unchecked(client: &Client, app: &str, one: &Relying) -> Result<Vec<Part>, Error> {
    let Some(check) = &one.check else {
        return Ok(Vec::new());
    };
    let rows = client
        .query(CHECKED, &[&app, &check.as_str()])
        .await
        .map_err(|source| Error::sql("listing the parts that were checked", source))?;
    // Without an identity: checked by an engine that kept none.
    let checked: BTreeMap<String, Option<u32>> =
        rows.iter().map(|row| (text(row, 0), row.get(1))).collect();
    let is_checked = |part: &Part| {
        checked.get(part.name()).is_some_and(|known| known.is_none_or(|is| is == part.identity()))
    };
    let mut parts = parts(client, &one.backfill).await?;
    parts.retain(|part| !is_checked(part));
    Ok(parts)
}
