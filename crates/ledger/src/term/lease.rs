//! Acquires the term and gives it back. [`super::renewal`] renews it, and stops itself in time.
//!
//! Called by the driver. Time decides only when a takeover may happen, never whether a write of an
//! old term may commit: that is the guard's.

use super::claim::Claim;
use super::earlier_backends;
use super::renewal::Renewal;
use crate::connection::{self, Connection, Purpose};
use crate::error::Error;
use crate::fence::{FenceKey, UNIQUE_KEY};
use crate::number::milliseconds;
use crate::options::Options;
use crate::pause::{Pause, PausePoint};
use crate::record::bigint;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const ENSURE: &str = include_str!("sql/ensure.sql");
const ACQUIRE: &str = include_str!("sql/acquire.sql");
const IS_FREE: &str = include_str!("sql/is_free.sql");
const RELEASE: &str = include_str!("sql/release.sql");
const ASK: &str = include_str!("sql/ask.sql");
const ASK_NO_MORE: &str = include_str!("sql/ask_no_more.sql");
const TRANSFER: &str = include_str!("sql/transfer.sql");

/// A term that is held. Dropping it stops the renewal; [`Term::release`] gives it back at once.
pub struct Term {
    claim: Claim,
    lease: Duration,
    lost: CancellationToken,
    newer: watch::Receiver<Option<u64>>,
    stop: CancellationToken,
    renewal: JoinHandle<()>,
}

/// The head under which an operator's command asks for the term: above every release's, so that a
/// holder hands over after its open batch. Such a command is short, and gives the term back.
pub const COMMAND_HEAD: u64 = i64::MAX as u64;

impl Term {
    /// Tries to get the term. `Ok(None)`: somebody else holds it.
    ///
    /// The connection that renews it is open before: a lease may be shorter than opening one takes, and
    /// such a term would be won and lost for ever.
    ///
    /// The backends of earlier terms, if any are left, are ended after the own epoch is committed and
    /// before this returns: a statement that cannot be guarded must not outlive its term.
    pub async fn try_acquire(
        watch: &Connection,
        options: &Options,
        owner_url: &str,
        holder: Uuid,
    ) -> Result<Option<Self>, Error> {
        let lease_ms = milliseconds(options.timing.lease);
        let client = &watch.client;
        let sql = |source| Error::sql("acquiring the term", source);
        match Self::look(watch, &options.app, holder).await? {
            Some(true) => {}
            Some(false) => return Ok(None),
            // The first of all terms.
            None => {
                client.execute(ENSURE, &[&options.app]).await.map_err(sql)?;
            }
        }
        let renewing =
            connection::open(owner_url, &options.application_name(), Purpose::Lease).await?;
        // The time is taken before sending, so that our own idea of the end is never too late.
        let sent = Instant::now();
        let granted =
            client.query_opt(ACQUIRE, &[&options.app, &holder, &options.release, &lease_ms]).await;
        let row = match granted {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(None),
            // A transaction that guards early holds the row: its term goes on until it ends.
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => return Ok(None),
            Err(error) => return Err(sql(error)),
        };
        let claim = Claim { app: options.app.clone(), epoch: row.get(0), holder };
        let timeline: i64 = row.get(1);
        tracing::info!(app = claim.app, epoch = claim.epoch, timeline, "term acquired");
        let lost = CancellationToken::new();
        let stop = CancellationToken::new();
        let (newer_waits, newer) = watch::channel(None);
        let renewal = tokio::spawn(
            Renewal {
                claim: claim.clone(),
                url: owner_url.to_owned(),
                application: options.application_name(),
                lease: options.timing.lease,
                lost: lost.clone(),
                own_head: options.head(),
                newer_waits,
                stop: stop.clone(),
            }
            .run(sent, renewing),
        );
        let term = Self { claim, lease: options.timing.lease, lost, newer, stop, renewal };
        assert_unique_epoch(watch).await?;
        options.hook.reached(Pause::at(PausePoint::TermGranted, None, term.claim.epoch, 0)).await;
        earlier_backends::end(watch, &term.claim).await?;
        Ok(Some(term))
    }

    /// Asks the holder of the term to hand it over: when it leaves, or after its open batch where
    /// `head` is above its own. Holds for 15 s.
    pub async fn ask(watch: &Connection, app: &str, holder: Uuid, head: u64) -> Result<(), Error> {
        watch
            .client
            .execute(ASK, &[&app, &holder, &bigint(head)])
            .await
            .map_err(|source| Error::sql("asking for the term", source))?;
        Ok(())
    }

    /// Takes that back: it leaves, and nothing should be handed over to it.
    pub async fn ask_no_more(watch: &Connection, app: &str, holder: Uuid) -> Result<(), Error> {
        watch
            .client
            .execute(ASK_NO_MORE, &[&app, &holder])
            .await
            .map_err(|source| Error::sql("waiting for the term no longer", source))?;
        Ok(())
    }

    /// Whether trying to acquire it now would succeed; one cheap look, for waiters.
    pub async fn is_free(watch: &Connection, app: &str, holder: Uuid) -> Result<bool, Error> {
        Ok(Self::look(watch, app, holder).await?.unwrap_or(true))
    }

    /// The same; `None` where no term was ever granted.
    async fn look(watch: &Connection, app: &str, holder: Uuid) -> Result<Option<bool>, Error> {
        let row = watch
            .client
            .query_opt(IS_FREE, &[&app, &holder])
            .await
            .map_err(|source| Error::sql("looking at the term", source))?;
        Ok(row.map(|row| row.get(0)))
    }

    /// What the guard needs.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Cancelled when the term is lost, or can no longer be known to be held.
    pub fn lost(&self) -> &CancellationToken {
        &self.lost
    }

    /// The highest head above ours that waits for the term, as of the last renewal.
    pub fn newer(&self) -> watch::Receiver<Option<u64>> {
        self.newer.clone()
    }

    /// Ends the term: hands it over to somebody who waits, else gives it back, so that the next holder
    /// need not wait for it to expire.
    pub async fn release(self, watch: &Connection) -> Result<(), Error> {
        self.stop.cancel();
        let claim = &self.claim;
        let (app, epoch, holder) = (&claim.app, &claim.epoch, &claim.holder);
        let successor = watch
            .client
            .query_opt(TRANSFER, &[app, epoch, holder, &milliseconds(self.lease)])
            .await
            .map_err(|source| Error::sql("handing the term over", source))?;
        if let Some(row) = successor {
            tracing::info!(app, epoch, successor = %row.get::<_, Uuid>(0), "term handed over");
            return Ok(());
        }
        watch
            .client
            .execute(RELEASE, &[app, epoch, holder])
            .await
            .map_err(|source| Error::sql("giving the term back", source))?;
        tracing::info!(app, epoch, "term given back");
        Ok(())
    }
}

impl Drop for Term {
    fn drop(&mut self) {
        self.stop.cancel();
        self.renewal.abort();
    }
}

/// The key of the term's fence.
const KEY: FenceKey = FenceKey {
    table: "changeover.term",
    constraint: "term_app_epoch",
    columns: &["app", "epoch"],
    between: "migrators",
};

/// Fails where the term's fence lacks its key.
pub async fn assert_unique_epoch(watch: &Connection) -> Result<(), Error> {
    let answer = watch
        .client
        .query_typed(UNIQUE_KEY, &KEY.parameters())
        .await
        .map_err(|source| Error::sql("looking at the term's key", source))?;
    KEY.require(&answer)
}
