//! The loop around the work: looks whether there is something to do, competes for the term, works,
//! gives the term back. Runs in the background of every instance, and in the foreground of
//! `changeover migrate`.

use super::holder::{Ended, Holder, Tries};
use super::patience::Patience;
use super::work::{self, Outlook, Work};
use super::{handover, refused};
use crate::connection::{self, Connection, Purpose};
use crate::error::{Error, chain};
use crate::ledger::bootstrap;
use crate::options::Options;
use crate::term::{Term, assert_unique_epoch};
use crate::text::known_text;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_postgres::types::Type;
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

/// How far the upgrade is, as an instance sees it.
#[derive(Clone, Debug)]
pub enum Upgrade {
    /// The release may not serve yet: what it waits for.
    Waiting(String),
    /// Everything that the release needs is there.
    Servable,
    /// The release cannot serve: why.
    Failed(Arc<Error>),
}

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
                return Err(self.fail(error));
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
            let work = work::next(&open.client, &self.options, &tries.skip()).await?;
            self.report(open).await?;
            Ok(work)
        };
        let work = within(LOOK_WAIT, "looking at the ledger", look).await?;
        if let Work::Nothing(outlook) = &work {
            let tidies =
                self.until == Until::Stopped && !outlook.database_newer && patience.tidies();
            if !tidies {
                return Ok((outlook.clone(), false));
            }
        }
        let acquire = Term::try_acquire(open, &self.options, &self.owner_url, self.holder);
        let Some(term) = within(LOOK_WAIT, "acquiring the term", acquire).await? else {
            if let Work::Nothing(outlook) = work {
                // The holder tidies.
                return Ok((outlook, false));
            }
            // Planned once a process, unless the ledger moves on meanwhile.
            if matches!(work, Work::Plan) && !tries.may_ask {
                let look = handover::may_ask(open, &self.options);
                tries.may_ask = within(PLAN_WAIT, "planning beforehand", look).await?;
            }
            if (!matches!(work, Work::Plan) || tries.may_ask) && patience.asks() {
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
        let reporter = self.spawn_reporter(stop.clone());
        let work = async {
            let mut holder =
                Holder::open(&self.options, &self.owner_url, term, watch, tries, &stop).await?;
            let ended = holder.work().await?;
            holder.tidy().await?;
            Ok(ended)
        };
        // Whoever lost the term ends between two batches, or by cancelling what runs. Where even that
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

    /// While a holder works for hours, tells the service as soon as it may serve.
    fn spawn_reporter(&self, stop: CancellationToken) -> tokio::task::JoinHandle<()> {
        let (options, url) = (Arc::clone(&self.options), self.owner_url.clone());
        let upgrade = self.upgrade.clone();
        tokio::spawn(async move {
            let name = options.application_name();
            let mut watch: Option<Connection> = None;
            while !stop.is_cancelled() && !matches!(*upgrade.borrow(), Upgrade::Servable) {
                if watch.as_ref().is_none_or(|open| open.client.is_closed()) {
                    watch = connection::open(&url, &name, Purpose::Watch).await.ok();
                }
                if let Some(open) = &watch
                    && let Err(error) = report(open, &options, &upgrade).await
                {
                    tracing::debug!(error = chain(&error), "standing not read");
                }
                tokio::time::sleep(options.timing.poll).await;
            }
        })
    }

    async fn report(&self, watch: &Connection) -> Result<(), Error> {
        report(watch, &self.options, &self.upgrade).await
    }

    fn fail(&self, error: Error) -> Error {
        let text = chain(&error);
        // The service sees the error itself where it waits; here a copy of its text must do.
        let shared = match error {
            Error::Refused { ref plan } => Error::Refused { plan: plan.clone() },
            _ => Error::Invalid(match error.remedy() {
                Some(remedy) => format!("{text}; {remedy}"),
                None => text,
            }),
        };
        self.upgrade.send_if_modified(|upgrade| {
            let servable = matches!(upgrade, Upgrade::Servable);
            if !servable {
                *upgrade = Upgrade::Failed(Arc::new(shared));
            }
            !servable
        });
        error
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

/// Reads whether the release may serve, and tells the service. Once servable, always servable.
pub(crate) async fn report(
    connection: &Connection,
    options: &Options,
    upgrade: &watch::Sender<Upgrade>,
) -> Result<(), Error> {
    let head = crate::ledger::record::bigint(options.head());
    let rows = connection
        .client
        .query_typed(
            "SELECT head, floor, open_before_serving, failed FROM changeover.standing($1, $2)",
            &[(&options.app, Type::TEXT), (&head, Type::INT8)],
        )
        .await
        .map_err(|source| Error::sql("reading where the application stands", source))?;
    let next = match rows.first() {
        None => Upgrade::Waiting("the application is not in the ledger yet".to_owned()),
        Some(row) => {
            let (ledger_head, open): (Option<i64>, i64) = (row.get(0), row.get(2));
            let failed = known_text(row, 3);
            if ledger_head.unwrap_or(0) < head {
                Upgrade::Waiting("the migrations are not planned yet".to_owned())
            } else if open > 0 {
                let failed = failed.map_or_else(String::new, |why| format!("; failed: {why}"));
                Upgrade::Waiting(format!("{open} steps are to be done before serving{failed}"))
            } else {
                Upgrade::Servable
            }
        }
    };
    upgrade.send_if_modified(|upgrade| {
        let changed = match (&*upgrade, &next) {
            (Upgrade::Servable | Upgrade::Failed(_), _) => false,
            (Upgrade::Waiting(old), Upgrade::Waiting(new)) => old != new,
            _ => true,
        };
        if changed {
            *upgrade = next;
        }
        changed
    });
    Ok(())
}
