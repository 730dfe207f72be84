//! Renews a term, on a connection of its own, and says when it is lost.
//!
//! Spawned by [`super::lease`] with each term. It counts from before a renewal was sent, so it never thinks
//! that the term lasts longer than the database does. SQL: `sql/renew.sql`.

use super::claim::Claim;
use crate::connection::{self, Connection, Purpose};
use crate::error::{Error, chain};
use crate::fence::usable;
use crate::number::milliseconds;
use crate::record::bigint;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const RENEW: &str = include_str!("sql/renew.sql");

/// Prolongs the term until told to stop, on a connection of its own.
pub(super) struct Renewal {
    pub(super) claim: Claim,
    pub(super) url: String,
    pub(super) application: String,
    pub(super) lease: Duration,
    /// Cancelled when the term is lost.
    pub(super) lost: CancellationToken,
    pub(super) own_head: u64,
    /// Told the highest head above the own one that waits for the term.
    pub(super) newer_waits: watch::Sender<Option<u64>>,
    pub(super) stop: CancellationToken,
}

impl Renewal {
    /// Renews until the term ends: by `stop`, by a refusal, or when the lease has run out.
    pub(super) async fn run(self, granted: Instant, open: Connection) {
        let mut good = granted;
        let mut connection = Some(open);
        let usable = usable(self.lease);
        while !self.stop.is_cancelled() {
            let left = usable.saturating_sub(good.elapsed());
            if left.is_zero() {
                tracing::warn!(epoch = self.claim.epoch, "term not renewed in time: stopping");
                break;
            }
            let sent = Instant::now();
            match tokio::time::timeout(left, self.renew(&mut connection)).await {
                Ok(Ok(true)) => good = sent,
                Ok(Ok(false)) => {
                    tracing::warn!(epoch = self.claim.epoch, "term taken over");
                    break;
                }
                Ok(Err(error)) => {
                    tracing::warn!(error = chain(&error), "term not renewed; trying again");
                    connection = None;
                }
                Err(_elapsed) => connection = None,
            }
            // A third of the lease: two renewals may fail before it ends. Faster after a failure.
            let pause = if good == sent { self.lease / 3 } else { self.lease / 20 };
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.lost.cancel();
    }

    async fn renew(&self, connection: &mut Option<Connection>) -> Result<bool, Error> {
        if connection.is_none() {
            *connection =
                Some(connection::open(&self.url, &self.application, Purpose::Lease).await?);
        }
        let Some(open) = connection.as_ref() else {
            return Ok(false);
        };
        let Claim { app, epoch, holder } = &self.claim;
        let (lease_ms, own_head) = (milliseconds(self.lease), bigint(self.own_head));
        let row = open
            .client
            .query_opt(RENEW, &[app, epoch, holder, &lease_ms, &own_head])
            .await
            .map_err(|source| Error::sql("renewing the term", source))?;
        let Some(row) = row else { return Ok(false) };
        let newer = row.get::<_, Option<i64>>(0).and_then(|head| u64::try_from(head).ok());
        self.newer_waits.send_if_modified(|known| std::mem::replace(known, newer) != newer);
        Ok(true)
    }
}
