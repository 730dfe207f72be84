//! Parked rows hold the contract: as long as one of them still raises, the trigger that would compute
//! its value must stay. Looked at again here, since their owner may have mended or deleted them.

use super::StepRun;
use crate::backfill::{Batch, parts};
use crate::error::Error;
use changeover_plan::StepKind;

const BACKFILL_OF: &str = include_str!("sql/backfill_of_trigger.sql");

/// Fails with [`Error::RowsParked`] while rows of this trigger's backfill still raise; forgets those
/// that do not any more.
pub(super) async fn release(run: &mut StepRun<'_>, trigger: &str) -> Result<(), Error> {
    let options = run.options;
    let rows = run
        .watch
        .client
        .query(BACKFILL_OF, &[&options.app, &trigger])
        .await
        .map_err(|source| Error::sql("looking for the trigger's backfill", source))?;
    for row in rows {
        let step: changeover_plan::Step = serde_json::from_value(row.get(0))
            .map_err(|source| Error::Decode { what: "steps".to_owned(), source })?;
        let StepKind::Backfill(backfill) = &step.kind else {
            continue;
        };
        for part in &parts(&run.watch.client, backfill).await? {
            let batch = Batch::new(backfill, part, &options.pace);
            let transaction = run.worker.begin().await?;
            batch.open(&transaction).await?;
            let (count, sample) =
                batch.recheck_parked(&transaction, &options.app, &step.id).await?;
            transaction.commit().await?;
            if count > 0 {
                let table = part.name().to_owned();
                return Err(Error::RowsParked { count, table, sample });
            }
        }
    }
    Ok(())
}
