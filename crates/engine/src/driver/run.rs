//! The loop around the work: looks whether there is something to do, competes for the term, works,
//! gives the term back. Runs in the background of every instance, and in the foreground of
//! `changeover migrate`.

use super::holder::{Ended, Holder};
use super::next::{self, Next, Outlook};
use super::patience::Patience;
use super::tries::Tries;
use super::upgrade::{self, Upgrade};
use super::{handover, refused};
use crate::connection::{self, Connection, Purpose};
use crate::control;
use crate::error::{Error, chain};
use crate::ledger::bootstrap;
use crate::options::Options;
use crate::term::{Term, assert_unique_epoch};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often a waiter looks at the term alone within one pause: at first every 50 ms by default.
const TERM_LOOKS: u32 = 4;
/// For how long the database may be unreachable before a foreground run gives up.
const UNREACHABLE_MAX: Duration = Duration::from_secs(120);

/// For how long work may go on, to end in order, after the term was lost.
const LOST_WAIT: Duration = Duration::from_secs(5);
/// For how long one look at the ledger may take. The server bounds statements at 15 s; this is for one
/// that does not answer at all.
const LOOK_WAIT: Duration = Duration::from_secs(20);
/// For how long planning without the term may take: it reads the whole catalog, by statements that the
/// server bounds at 15 s each.
const PLAN_WAIT: Duration = Duration::from_secs(120);

/// When the loop ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// When told to.
    Stopped,
    /// When nothing is left to do.
    Idle,
}

/// The loop.
pub(crate) struct Driver {
    pub(crate) options: Arc<Options>,
    pub(crate) owner_url: String,
    pub(crate) holder: Uuid,
    pub(crate) stop: CancellationToken,
    pub(crate) upgrade: watch::Sender<Upgrade>,
    pub(crate) until: Until,
}

impl Driver {
    /// Runs until `until`; lost connections and terms are survived within bounds.
    pub(crate) async fn run(self) -> Result<Outlook, Error> {
        let mut tries = Tries::default();
        let mut patience = Patience::new(self.options.timing.poll);
        let mut watch: Option<Connection> = None;
        let mut unreachable_since: Option<tokio::time::Instant> = None;
        // Ends by `stop`, by a failure that trying again cannot mend, or when idle.
        loop {
            if self.stop.is_cancelled() {
                self.ask_no_more(watch.as_ref(), &mut patience).await;
                return Err(Error::Stopped);
            }
            let error = match self.round(&mut watch, &mut tries, &mut patience).await {
                Ok((outlook, busy)) => {
                    unreachable_since = None;
                    if !busy {
                        self.ask_no_more(watch.as_ref(), &mut patience).await;
                    }
                    if !busy && self.until == Until::Idle {
                        return Ok(outlook);
                    }
                    if busy {
                        let is_servable = matches!(*self.upgrade.borrow(), Upgrade::Servable);
                        let pause = patience.waiting(is_servable);
                        self.wait_for_term(watch.as_ref(), pause, &mut patience).await;
                    } else {
                        self.pause(patience.idle()).await;
                    }
                    continue;
                }
                Err(Error::TermLost) => {
                    // Another process goes on; we look at what it does. By a new connection: the old
                    // one may lead to a primary that a promotion has left behind, where terms can be
                    // had that the server of all newer connections knows nothing of.
                    watch = None;
                    self.pause(self.options.timing.poll).await;
                    continue;
                }
                Err(error) => error,
            };
            if let (Error::Refused { plan }, Some(open)) = (&error, &watch) {
                let record = refused::record(open, &self.options, plan);
                if let Err(error) = within(LOOK_WAIT, "recording a refusal", record).await {
                    tracing::warn!(error = chain(&error), "the refusal is not in the ledger");
                }
            }
            let since = *unreachable_since.get_or_insert_with(tokio::time::Instant::now);
            let lost = error.is_connection_lost() || error.is_retryable();
            if !lost || self.until == Until::Idle && since.elapsed() > UNREACHABLE_MAX {
                upgrade::fail(&self.upgrade, &error);
                return Err(error);
            }
            tracing::warn!(error = chain(&error), "trying again");
            watch = None;
            self.pause(self.options.timing.poll * 2).await;
        }
    }

    /// One look, and the work if the term is to be had. The flag says that something is under way.
    async fn round(
        &self,
        watch: &mut Option<Connection>,
        tries: &mut Tries,
        patience: &mut Patience,
    ) -> Result<(Outlook, bool), Error> {
        if watch.as_ref().is_none_or(|open| open.client.is_closed()) {
            *watch = Some(self.open_watch().await?);
        }
        let Some(open) = watch.as_mut() else {
            return Err(Error::NoLedger);
        };
        let (app, head) = (&self.options.app, self.options.head());
        let look = async {
            let wishes = control::read(open, app).await?;
            let next = next::read(&open.client, &self.options, &tries.skip(), &wishes).await?;
            self.report(open).await?;
            Ok(next)
        };
        let next = within(LOOK_WAIT, "looking at the ledger", look).await?;
        if let Next::Nothing(outlook) = &next {
            let tidies =
                self.until == Until::Stopped && !outlook.database_newer && patience.tidies();
            if !tidies {
                return Ok((outlook.clone(), false));
            }
        }
        let acquire = Term::try_acquire(open, &self.options, &self.owner_url, self.holder);
        let Some(term) = within(LOOK_WAIT, "acquiring the term", acquire).await? else {
            if let Next::Nothing(outlook) = next {
                // The holder tidies.
                return Ok((outlook, false));
            }
            // Planned once a process, unless the ledger moves on meanwhile.
            if matches!(next, Next::Plan) && !tries.may_ask {
                let look = handover::may_ask(open, &self.options);
                tries.may_ask = within(PLAN_WAIT, "planning beforehand", look).await?;
            }
            if (!matches!(next, Next::Plan) || tries.may_ask) && patience.asks() {
                let ask = Term::ask(open, app, self.holder, head);
                within(LOOK_WAIT, "asking for the term", ask).await?;
            }
            return Ok((Outlook::default(), true));
        };
        patience.reset();
        // The grant has taken the asking back.
        patience.stops_asking();
        let outcome = self.hold(&term, open, tries).await;
        if !matches!(outcome, Err(Error::TermLost)) {
            // Where the connection is lost, the term expires by itself.
            if let Err(error) = within(LOOK_WAIT, "giving the term back", term.release(open)).await
            {
                tracing::warn!(error = chain(&error), "term not given back");
            }
        }
        within(LOOK_WAIT, "looking at the ledger", self.report(open)).await?;
        outcome.map(|ended| match ended {
            Ended::Idle(outlook) => (outlook, false),
            Ended::GaveWay => (Outlook::default(), true),
        })
    }

    /// Opens the connection that looks, and sees that there is a ledger that this engine may read and
    /// whose fence stands: once for each connection, since neither goes away while processes run.
    async fn open_watch(&self) -> Result<Connection, Error> {
        let name = self.options.application_name();
        let open = connection::open(&self.owner_url, &name, Purpose::Watch).await?;
        let check = async {
            bootstrap::require(&open).await?;
            assert_unique_epoch(&open).await
        };
        within(LOOK_WAIT, "looking for the ledger", check).await?;
        Ok(open)
    }

    /// Works while the term is held; stops when it is lost.
    async fn hold(
        &self,
        term: &Term,
        watch: &mut Connection,
        tries: &mut Tries,
    ) -> Result<Ended, Error> {
        let stop = self.stop.child_token();
        let lost = term.lost().clone();
        let (on_lost, stop_work) = (lost.clone(), stop.clone());
        let forward = tokio::spawn(async move {
            on_lost.cancelled().await;
            stop_work.cancel();
        });
        let reporter = tokio::spawn(upgrade::keep_reporting(
            Arc::clone(&self.options),
            self.owner_url.clone(),
            self.upgrade.clone(),
            stop.clone(),
        ));
        let work = async {
            let mut holder =
                Holder::open(&self.options, &self.owner_url, term, watch, tries, &stop).await?;
            let ended = holder.work().await?;
            holder.tidy().await?;
            Ok(ended)
        };
        // A holder that lost the term ends between two batches, or by cancelling what runs. Where even that
        // gets no answer (a network that swallows everything), what is open is dropped with its
        // connections: the successor has ended it on the server.
        let outcome = tokio::select! {
            outcome = work => outcome,
            () = lost_for(&lost, LOST_WAIT) => Err(Error::TermLost),
        };
        forward.abort();
        reporter.abort();
        match outcome {
            Err(Error::Stopped) if lost.is_cancelled() => Err(Error::TermLost),
            outcome => outcome,
        }
    }

    async fn report(&self, watch: &Connection) -> Result<(), Error> {
        upgrade::report(watch, &self.options, &self.upgrade).await
    }

    /// Waits, or until the term is to be had: a handover should take less than the pause, and looking at
    /// one row costs less than looking at everything that often.
    async fn wait_for_term(
        &self,
        watch: Option<&Connection>,
        pause: Duration,
        patience: &mut Patience,
    ) {
        for _ in 0..TERM_LOOKS {
            self.pause(pause / TERM_LOOKS).await;
            let Some(open) = watch else { continue };
            let look = Term::is_free(open, &self.options.app, self.holder);
            match within(LOOK_WAIT, "looking at the term", look).await {
                Ok(false) => {}
                // Where the look fails, the next round finds out why.
                Ok(true) | Err(_) => {
                    patience.reset();
                    return;
                }
            }
        }
    }

    /// Says that this one waits no longer, if it has said that it waits.
    async fn ask_no_more(&self, watch: Option<&Connection>, patience: &mut Patience) {
        if !patience.stops_asking() {
            return;
        }
        let Some(open) = watch else { return };
        let saying = Term::ask_no_more(open, &self.options.app, self.holder);
        if let Err(error) = within(LOOK_WAIT, "waiting no longer", saying).await {
            tracing::debug!(error = chain(&error), "it counts as waiting for some seconds more");
        }
    }

    async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Bounds what the server may not answer. [`Error::Deadline`]: the connection is to be given up.
async fn within<T>(
    limit: Duration,
    what: &str,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_elapsed| {
        Err(Error::Deadline {
            what: what.to_owned(),
            limit_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
        })
    })
}

/// Returns some time after the term was lost.
async fn lost_for(lost: &CancellationToken, wait: Duration) {
    lost.cancelled().await;
    tokio::time::sleep(wait).await;
}
