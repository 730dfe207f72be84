//! Statements that no transaction holds, such as `DROP INDEX CONCURRENTLY`: each may take long, and none
//! blocks reads or writes.
//!
//! Marked as running first, recorded after. After a holder has died the next one runs them
//! once more, so each comes to the same when it is repeated (law 5).

use super::{StepRun, long_statement};
use crate::error::Error;

/// Runs and records. `part` names what they work on, for the progress.
pub(super) async fn run(
    run: &mut StepRun<'_>,
    statements: &[String],
    part: &str,
) -> Result<(), Error> {
    run.begin_gated().await?;
    for statement in statements {
        run.pace.before_long(run.step, run.watch, run.stop).await?;
        long_statement::run(run, statement, part).await?;
    }
    run.end().await
}
