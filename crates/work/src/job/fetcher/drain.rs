//! The end of a fetcher: nothing new is claimed, what has not begun is given back, what runs may end
//! within the budget, the rest is rolled back and given back.

use super::{Drain, Fetcher};
use crate::connection::Connection;
use crate::error::{Error, chain};
use crate::job::ledger::{self, Ending};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// For how long the fetcher's last look is waited for beyond the budget, what is cut off may take to
/// end, and the ledger to be told: each of them once.
const END_WAIT: Duration = Duration::from_secs(5);
/// How often the ledger is told what is given back. Unheard, it is found when the instance has left.
const TELL_ATTEMPTS_MAX: u32 = 3;

/// What a drain did.
#[derive(Debug, Default)]
pub(crate) struct Drained {
    /// Claimed, not begun, returned.
    pub(crate) returned: u64,
    /// Begun, rolled back, returned.
    pub(crate) cut: Vec<String>,
}

impl Fetcher {
    pub(super) async fn drain(mut self, drain: Drain) {
        let mut drained = Drained::default();
        self.end_look(drain.until).await;
        for lane in 0..self.lanes.len() {
            let waiting = self.lanes[lane].take_waiting();
            drained.returned += u64::try_from(waiting.len()).unwrap_or(u64::MAX);
            if !waiting.is_empty() {
                self.undelivered.push(Ending::given_back(&waiting));
            }
        }
        // At once, not after what runs: others can begin it meanwhile.
        self.tell_all().await;
        while let Ok(Some(ended)) = timeout_at(drain.until, self.units.join_next_with_id()).await {
            self.unit_ended(ended);
        }
        self.context.cut.cancel();
        for begun in self.begun.values() {
            let (kind, ran_ms) = (&begun.kind, begun.since.elapsed().as_millis());
            let ids: Vec<String> = begun.ending.ids().iter().map(ToString::to_string).collect();
            drained.cut.push(format!("job {} of {kind}, after {ran_ms} ms", ids.join(", ")));
        }
        let end = Instant::now() + END_WAIT;
        while let Ok(Some(ended)) = timeout_at(end, self.units.join_next_with_id()).await {
            self.unit_ended(ended);
        }
        // What has not ended even now is ended with its session; its finish is refused once it is given
        // back.
        self.units.abort_all();
        while let Some(ended) = self.units.join_next_with_id().await {
            self.unit_ended(ended);
        }
        self.tell_all().await;
        if drain.answer.send(drained).is_err() {
            tracing::debug!("nobody waits for the end of the jobs any more");
        }
    }

    /// A look under way may have claimed.
    async fn end_look(&mut self, until: Instant) {
        let Some(looking) = self.looking.take() else { return };
        match timeout_at(until.max(Instant::now() + END_WAIT), looking).await {
            Ok(fetched) => self.looked(fetched),
            Err(_elapsed) => {
                tracing::warn!(
                    "the last claim has not ended in time; it is given back when we left"
                );
            }
        }
    }

    async fn tell_all(&mut self) {
        for _ in 0..TELL_ATTEMPTS_MAX {
            if self.undelivered.is_empty() {
                return;
            }
            if let Err(error) = self.tell().await {
                tracing::warn!(error = chain(&error), "jobs not given back; trying again");
            }
        }
        if !self.undelivered.is_empty() {
            tracing::warn!(
                "jobs were not given back; others return them when this instance has left"
            );
        }
    }

    async fn tell(&mut self) -> Result<(), Error> {
        let connection: Connection = match self.look_connection.take() {
            Some(open) if !open.client.is_closed() => open,
            _ => self.context.open().await?,
        };
        let instance = self.context.instance;
        ledger::tell_all(&connection.client, instance, &mut self.undelivered).await?;
        self.look_connection = Some(connection);
        Ok(())
    }
}
