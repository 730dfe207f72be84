//! Acquires the term, renews it, stops itself in time, gives it back.
//!
//! Called by the driver. Time decides only when a takeover may happen, never whether a write of an
//! old term may commit: that is the guard's.

use crate::connection::{self, Connection, Purpose};
use crate::error::Error;
use crate::options::Options;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const ENSURE: &str = include_str!("sql/ensure.sql");
const ACQUIRE: &str = include_str!("sql/acquire.sql");
const RENEW: &str = include_str!("sql/renew.sql");
const RELEASE: &str = include_str!("sql/release.sql");
const END_BACKEND: &str = include_str!("sql/end_backend.sql");

/// For how long a predecessor's backend is waited for after it was told to end.
const END_BACKEND_TRIES_MAX: u32 = 100;
/// The pause between two looks whether it is gone.
const END_BACKEND_PAUSE: Duration = Duration::from_millis(50);

/// What identifies a term to the guard.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// The application.
    pub(crate) app: String,
    /// The number.
    pub(crate) epoch: i64,
    /// The holder.
    pub(crate) holder: Uuid,
}

/// A term that is held. Dropping it stops the renewal; [`Term::release`] gives it back at once.
pub(crate) struct Term {
    claim: Claim,
    lost: CancellationToken,
    stop: CancellationToken,
    renewal: JoinHandle<()>,
}

impl Term {
    /// Tries to get the term. `Ok(None)`: somebody else holds it.
    ///
    /// Ends the previous holder's backend first, if one is left, after the own epoch is committed.
    pub(crate) async fn try_acquire(
        watch: &Connection,
        options: &Options,
        owner_url: &str,
        holder: Uuid,
    ) -> Result<Option<Self>, Error> {
        let lease_ms = lease_ms(options);
        let client = &watch.client;
        let sql = |source| Error::sql("acquiring the term", source);
        client.execute(ENSURE, &[&options.app]).await.map_err(sql)?;
        // The time is taken before sending, so that our own idea of the end is never too late.
        let sent = Instant::now();
        let Some(row) = client
            .query_opt(ACQUIRE, &[&options.app, &holder, &options.release, &lease_ms])
            .await
            .map_err(sql)?
        else {
            return Ok(None);
        };
        let claim = Claim { app: options.app.clone(), epoch: row.get(0), holder };
        tracing::info!(app = claim.app, epoch = claim.epoch, "term acquired");
        let previous: (Option<i32>, Option<jiff::Timestamp>) = (row.get(1), row.get(2));
        let lost = CancellationToken::new();
        let stop = CancellationToken::new();
        let renewal = tokio::spawn(
            Renewal {
                claim: claim.clone(),
                url: owner_url.to_owned(),
                application: options.application_name(),
                lease: options.timing.lease,
                lost: lost.clone(),
                stop: stop.clone(),
            }
            .run(sent),
        );
        let term = Self { claim, lost, stop, renewal };
        if let (Some(pid), Some(backend_start)) = previous {
            end_backend(watch, pid, backend_start).await?;
        }
        Ok(Some(term))
    }

    /// What the guard needs.
    pub(crate) fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Cancelled when the term is lost, or can no longer be known to be held.
    pub(crate) fn lost(&self) -> &CancellationToken {
        &self.lost
    }

    /// Gives the term back, so that the next holder need not wait for it to expire.
    pub(crate) async fn release(self, watch: &Connection) -> Result<(), Error> {
        self.stop.cancel();
        let claim = &self.claim;
        watch
            .client
            .execute(RELEASE, &[&claim.app, &claim.epoch, &claim.holder])
            .await
            .map_err(|source| Error::sql("giving the term back", source))?;
        tracing::info!(app = claim.app, epoch = claim.epoch, "term given back");
        Ok(())
    }
}

impl Drop for Term {
    fn drop(&mut self) {
        self.stop.cancel();
        self.renewal.abort();
    }
}

fn lease_ms(options: &Options) -> i64 {
    i64::try_from(options.timing.lease.as_millis()).unwrap_or(i64::MAX)
}

/// Ends what a previous holder left running, and waits until it is gone.
async fn end_backend(watch: &Connection, pid: i32, start: jiff::Timestamp) -> Result<(), Error> {
    for _ in 0..END_BACKEND_TRIES_MAX {
        let row = watch
            .client
            .query_one(END_BACKEND, &[&pid, &start])
            .await
            .map_err(|source| Error::sql("ending the previous holder's backend", source))?;
        if !row.get::<_, bool>(0) {
            return Ok(());
        }
        tokio::time::sleep(END_BACKEND_PAUSE).await;
    }
    Err(Error::Deadline {
        what: format!("ending backend {pid} of the previous holder"),
        limit_ms: u64::from(END_BACKEND_TRIES_MAX) * 50,
    })
}

/// Prolongs the term until told to stop, on a connection of its own.
struct Renewal {
    claim: Claim,
    url: String,
    application: String,
    lease: Duration,
    lost: CancellationToken,
    stop: CancellationToken,
}

impl Renewal {
    async fn run(self, granted: Instant) {
        let mut good = granted;
        let mut connection: Option<Connection> = None;
        // Ends with the term: by `stop`, by a refusal, or when the lease has run out.
        while !self.stop.is_cancelled() {
            let left = self.lease.saturating_sub(good.elapsed());
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
                    tracing::warn!(%error, "term not renewed; trying again");
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
        let lease_ms = i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX);
        let rows = open
            .client
            .execute(RENEW, &[&self.claim.app, &self.claim.epoch, &self.claim.holder, &lease_ms])
            .await
            .map_err(|source| Error::sql("renewing the term", source))?;
        Ok(rows == 1)
    }
}
