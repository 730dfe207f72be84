//! A transaction that is in the way of a concurrent index build or drop, so that it stands still with
//! its locks held until they were read: what takes 3 ms on a small table would be missed otherwise.
//!
//! A build waits for every older snapshot; a drop, for everybody who has the table locked. Neither
//! stops a blink that does not need `ACCESS EXCLUSIVE` on the table.

use crate::error::VerifyError;
use crate::trial::connect;
use changeover_plan::{Step, StepKind};
use tokio_postgres::Client;

/// The transaction; it ends with this value.
pub(super) struct Holder {
    client: Client,
    begin: String,
}

impl Holder {
    /// Opens one, if the step is of a kind that waits for such.
    pub(super) async fn for_step(url: &str, step: &Step) -> Result<Option<Self>, VerifyError> {
        let mut begin = String::from("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
        match &step.kind {
            StepKind::IndexBuild(_) => {}
            StepKind::IndexDrop(drop) if !drop.partitioned => {
                begin.push_str(&format!("; LOCK TABLE {} IN ACCESS SHARE MODE", drop.table));
            }
            _ => return Ok(None),
        }
        let client = connect(url, "verify-holder", "standing in the way").await?;
        let holder = Self { client, begin };
        holder.stand().await?;
        Ok(Some(holder))
    }

    async fn stand(&self) -> Result<(), VerifyError> {
        self.client
            .batch_execute(&self.begin)
            .await
            .map_err(VerifyError::sql("standing in the way"))
    }

    /// Lets the one who waits pass, and stands in the way of the next.
    pub(super) async fn let_pass(&self) -> Result<(), VerifyError> {
        self.client.batch_execute("COMMIT").await.map_err(VerifyError::sql("letting pass"))?;
        self.stand().await
    }
}
