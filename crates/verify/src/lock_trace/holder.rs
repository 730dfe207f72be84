//! A transaction that is in the way of a concurrent index build or drop, so that it stands still with
//! its locks held until they were read: what takes 3 ms on a small table would be missed otherwise.
//!
//! A build waits for every older snapshot; a drop, for everybody who has the table locked. Neither
//! stops a blink that does not need `ACCESS EXCLUSIVE` on the table.

use crate::error::VerifyError;
use crate::trial::connect;
use changeover_plan::{Step, StepKind};
use tokio_postgres::Client;

/// The transaction, and a second connection for the next one; both end with this value.
pub(super) struct Holder {
    standing: Client,
    next: Client,
    begin: String,
}

impl Holder {
    /// Opens one, if the step is of a kind that waits for such.
    pub(super) async fn for_step(url: &str, step: &Step) -> Result<Option<Self>, VerifyError> {
        let mut begin = String::from("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
        match &step.kind {
            StepKind::IndexBuild(_) => {}
            StepKind::IndexDrop(drop) if !drop.partitioned => {
                begin.push_str(&format!("; LOCK TABLE {} IN ACCESS SHARE MODE", drop.drop.table));
            }
            _ => return Ok(None),
        }
        let holder = Self {
            standing: connect(url, "verify-holder", "standing in the way").await?,
            next: connect(url, "verify-holder", "standing in the way").await?,
            begin,
        };
        run(&holder.standing, &holder.begin).await?;
        Ok(Some(holder))
    }

    /// Stands in the way of the next one, then lets the one who waits pass: whom to wait for was
    /// settled when its wait began. The other way round, a quick build might slip through between.
    pub(super) async fn let_pass(&mut self) -> Result<(), VerifyError> {
        run(&self.next, &self.begin).await?;
        run(&self.standing, "COMMIT").await?;
        std::mem::swap(&mut self.standing, &mut self.next);
        Ok(())
    }
}

async fn run(client: &Client, sql: &str) -> Result<(), VerifyError> {
    client.batch_execute(sql).await.map_err(VerifyError::sql("standing in the way"))
}
