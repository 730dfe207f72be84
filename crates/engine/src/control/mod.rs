//! Control by the ledger: operators pause, slow down, stop or cancel what runs, wherever its holder is.
//!
//! One `Control` a holder. The driver reads the wishes before each step, and several times a second while
//! one runs (`Control::keep_reading`), on the connection that looks; the step asks what was read last,
//! which costs nothing between two batches.
//!
//! Invariants: wishes are the ledger's, so the next holder has them too. A pause ends nothing: the term is
//! renewed meanwhile, and it ends by the operator, by a stop, or by giving way.
//! SQL: `sql/wishes.sql`; the functions that operators call are in `changeover-ledger`.

pub mod operator;
mod wishes;

pub(crate) use wishes::read;
pub use wishes::{Hours, StepWish, Wish, Wishes};

use crate::connection::{self, Connection, Purpose};
use crate::error::{Error, chain};
use crate::options::Options;
use changeover_plan::Step;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The ledger's format from which on there is something to control.
pub(crate) const SINCE_FORMAT: i32 = 4;

/// How often the wishes are read. An operator who pauses watches for it to happen; four reads of one row a
/// second are nothing beside batches of some 10 ms.
const READ_EVERY: Duration = Duration::from_millis(250);
/// For how long one read may take before the next one is tried.
const READ_WAIT: Duration = Duration::from_secs(10);

/// What operators want, as it was read last. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    wishes: watch::Sender<Wishes>,
}

impl Default for Control {
    /// Of which nobody wants anything.
    fn default() -> Self {
        Self { wishes: watch::Sender::new(Wishes::default()) }
    }
}

impl Control {
    /// Reads the wishes, and keeps them.
    pub(crate) async fn look(&self, watch: &Connection, app: &str) -> Result<Wishes, Error> {
        let wishes = read(watch, app).await?;
        self.keep(&wishes);
        Ok(wishes)
    }

    fn keep(&self, wishes: &Wishes) {
        self.wishes.send_if_modified(|kept| {
            let changed = kept != wishes;
            if changed {
                kept.clone_from(wishes);
            }
            changed
        });
    }

    /// Reads them again and again beside a step, for `heed`; never returns. Where the connection that looks
    /// is lost, on one of its own: a paused step would never hear that it may go on.
    pub(crate) async fn keep_reading(
        &self,
        options: &Options,
        url: &str,
        watch: &Connection,
        heed: impl Fn(&Wishes),
    ) -> Infallible {
        let mut own: Option<Connection> = None;
        loop {
            tokio::time::sleep(READ_EVERY).await;
            if watch.client.is_closed() && own.as_ref().is_none_or(|own| own.client.is_closed()) {
                let name = options.application_name();
                own = connection::open(url, &name, Purpose::Watch).await.ok();
            }
            let looked = self.look(own.as_ref().unwrap_or(watch), &options.app);
            match tokio::time::timeout(READ_WAIT, looked).await {
                Ok(Ok(wishes)) => heed(&wishes),
                Ok(Err(error)) => {
                    tracing::debug!(error = chain(&error), "what operators want was not read");
                }
                Err(_elapsed) => tracing::debug!("what operators want was not read in time"),
            }
        }
    }

    /// What was read last.
    pub(crate) fn wishes(&self) -> watch::Ref<'_, Wishes> {
        self.wishes.borrow()
    }

    /// Waits while paused. [`Error::Withheld`] where the step is cancelled.
    pub(crate) async fn between_batches(
        &self,
        step: &Step,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let mut news = self.wishes.subscribe();
        let mut is_told = false;
        // Ends by the operator or by the stop.
        loop {
            let paused = news.borrow_and_update().paused.clone();
            let Some(paused) = paused else { break };
            if self.is_cancelled(step) || stop.is_cancelled() {
                break;
            }
            if !is_told {
                tracing::info!(step = %step.id, "paused {paused}");
                is_told = true;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                changed = news.changed() => if changed.is_err() { break },
            }
        }
        if is_told {
            tracing::info!(step = %step.id, "goes on");
        }
        self.refuse_cancelled(step)
    }

    /// The same, and [`Error::Withheld`] outside of the hours in which it may begin.
    pub(crate) async fn before_long(
        &self,
        step: &Step,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        self.between_batches(step, stop).await?;
        match self.wishes().withheld(step) {
            Some(why) => Err(Error::Withheld { why }),
            None => Ok(()),
        }
    }

    /// Returns once the step is cancelled.
    pub(crate) async fn cancelled(&self, step: &Step) {
        let mut news = self.wishes.subscribe();
        // An error cannot be: this has a sender of its own.
        if news.wait_for(|wishes| is_cancelled(wishes, step)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    fn is_cancelled(&self, step: &Step) -> bool {
        is_cancelled(&self.wishes(), step)
    }

    /// Why it was cancelled, as an error.
    pub(crate) fn refuse_cancelled(&self, step: &Step) -> Result<(), Error> {
        let wishes = self.wishes();
        let why = wishes.withheld(step).filter(|_| is_cancelled(&wishes, step));
        why.map_or(Ok(()), |why| Err(Error::Withheld { why }))
    }
}

fn is_cancelled(wishes: &Wishes, step: &Step) -> bool {
    wishes.cancelled.as_ref().is_some_and(|is| is.step == step.id.as_str())
}
