//! What the ledger says about the workers of this process, one look for all of them.
//!
//! Taken at every poll and whenever a NOTIFY came; the owners' loops wait for it.

use super::lease::joined;
use crate::error::{Error, chain};
use crate::generation::{Member, Topic};
use changeover_ledger::text::text;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_postgres::types::Type;

const NEWS: &str = "SELECT name, may_acquire, asked_epoch FROM changeover.worker_news_v1($1)";

/// What there is to know about one worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct News {
    /// Trying to acquire it now would succeed.
    pub(super) may_acquire: bool,
    /// It is ours under this epoch, and a successor waits for it.
    pub(super) asked_epoch: Option<i64>,
}

/// All workers of this process, by name.
pub(super) type Board = Arc<HashMap<String, News>>;

/// Looks whenever woken, until the member stops. A receiver is woken by every look, changed or not.
pub(super) async fn run(member: Member, board: watch::Sender<Board>) {
    let mut wakes = member.wakes(Topic::Worker);
    loop {
        tokio::select! {
            () = member.stopped().cancelled() => return,
            changed = wakes.changed() => if changed.is_err() { return },
        }
        match look(&member).await {
            Ok(news) => {
                board.send_replace(Arc::new(news));
            }
            Err(error) => tracing::warn!(error = chain(&error), "owners not read; trying again"),
        }
    }
}

async fn look(member: &Member) -> Result<HashMap<String, News>, Error> {
    let called =
        member.call("reading the owners", NEWS, &[(&member.instance_id(), Type::UUID)]).await;
    let rows = joined(member, called)?;
    Ok(rows
        .iter()
        .map(|row| (text(row, 0), News { may_acquire: row.get(1), asked_epoch: row.get(2) }))
        .collect())
}
