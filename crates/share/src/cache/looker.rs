//! The one task of an instance that looks for changes, for all of its caches.
//!
//! Looks after every pause, sooner when it is asked to or a notification comes. What a look has found is
//! taken out of the caches before the look is made known: a reader that sees a look sees no value older than it.

use super::error::CacheError;
use super::listen;
use super::look::{self, Changes, Look};
use super::mending::Mending;
use super::slots::Invalidate;
use super::watch::{self, WatchedTable};
use crate::connection::Connection;
use crate::error::{Error, chain};
use crate::options::Options;
use changeover_ledger::number::milliseconds;
use rand::Rng;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch as channel};
use tokio::task::JoinHandle;
use tokio_postgres::types::{ToSql, Type};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What a look may take, connecting included.
const LOOK_WAIT: Duration = Duration::from_secs(5);
/// The least time between two looks, whatever is asked for: notifications of a busy table come fast.
const PAUSE_MIN: Duration = Duration::from_millis(5);
/// How often notes are pruned, by the one that comes first.
const PRUNE_PAUSE: Duration = Duration::from_secs(30);
/// How often an instance looks, and for how long notes are kept.
#[derive(Clone, Copy, Debug)]
pub struct CacheTiming {
    /// The pause between two looks, ± a fifth. 250 ms: one statement of less than a millisecond four
    /// times a second, and what is missed by NOTIFY is seen after half of it on average.
    pub poll: Duration,
    /// For how long notes are kept at least. Who was away for longer loads everything again, which costs
    /// little, so ten minutes are enough; hours of notes would make every look longer.
    pub keep: Duration,
    /// The least pause between two tries to make missing triggers again; doubles with each, up to sixty
    /// times that. 5 s.
    pub mend: Duration,
}

impl Default for CacheTiming {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(250),
            keep: Duration::from_secs(600),
            mend: Duration::from_secs(5),
        }
    }
}

/// Whether a source's tables write notes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Watched {
    /// No look has asked yet.
    Unknown,
    /// They do not.
    No,
    /// They do; the text changes with the tables and triggers.
    Yes(String),
}

struct Source {
    name: String,
    watched: Watched,
    caches: Vec<Weak<dyn Invalidate>>,
}

/// The task that looks; cheap to clone. It ends when the last clone is dropped.
#[derive(Clone)]
pub(super) struct Looking {
    pub(super) looker: Arc<Looker>,
    _stop: Arc<DropGuard>,
}

impl Looking {
    /// Begins to look.
    pub(super) fn start(
        options: Arc<Options>,
        tables: Vec<WatchedTable>,
        timing: CacheTiming,
    ) -> Self {
        let looker = Arc::new(Looker::new(options, tables, timing));
        let stop = CancellationToken::new();
        tokio::spawn(Arc::clone(&looker).run(stop.clone()));
        Self { looker, _stop: Arc::new(stop.drop_guard()) }
    }
}

/// What the task and the caches share.
pub(super) struct Looker {
    options: Arc<Options>,
    tables: Arc<Vec<WatchedTable>>,
    timing: CacheTiming,
    sources: Mutex<Vec<Source>>,
    looks: channel::Sender<Option<Look>>,
    ask: Arc<Notify>,
}

impl Looker {
    fn new(options: Arc<Options>, tables: Vec<WatchedTable>, timing: CacheTiming) -> Self {
        let (looks, _) = channel::channel(None);
        let tables = Arc::new(tables);
        Self { options, tables, timing, sources: Mutex::default(), looks, ask: Arc::default() }
    }

    /// From the next look on the cache hears of the source's changes.
    pub(super) fn enter(&self, name: &str, cache: Weak<dyn Invalidate>) {
        let mut sources = self.sources();
        match sources.iter_mut().find(|source| source.name == name) {
            Some(source) => {
                source.caches.retain(|cache| cache.strong_count() > 0);
                source.caches.push(cache);
            }
            None => sources.push(Source {
                name: name.to_owned(),
                watched: Watched::Unknown,
                caches: vec![cache],
            }),
        }
        drop(sources);
        self.ask.notify_one();
    }

    /// The looks that were made.
    pub(super) fn looks(&self) -> channel::Receiver<Option<Look>> {
        self.looks.subscribe()
    }

    /// Has the next look made now.
    pub(super) fn ask(&self) {
        self.ask.notify_one();
    }

    /// Whether a look has told how the source is watched; fails where it is not.
    pub(super) fn is_known(&self, name: &str) -> Result<bool, CacheError> {
        let sources = self.sources();
        match sources.iter().find(|source| source.name == name).map(|source| &source.watched) {
            Some(Watched::Yes(_)) => Ok(true),
            Some(Watched::No) => Err(CacheError::NotWatched { name: name.to_owned() }),
            Some(Watched::Unknown) | None => Ok(false),
        }
    }

    fn sources(&self) -> MutexGuard<'_, Vec<Source>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks until it is told to stop.
    async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut connection = None;
        let mut last: Option<Look> = None;
        let mut pruned_at = Instant::now();
        let mut mending = Mending::new(self.timing.mend);
        loop {
            let outcome = tokio::time::timeout(LOOK_WAIT, self.once(&mut connection, &mut last));
            match outcome.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(error = chain(&error), "changes not looked for; trying again");
                    connection = None;
                }
                Err(_elapsed) => {
                    tracing::warn!("looking for changes took too long; trying again");
                    connection = None;
                }
            }
            if !self.has_unwatched() {
                mending.succeeded();
            } else if mending.is_due() {
                mending.began(self.mend());
            }
            if pruned_at.elapsed() >= PRUNE_PAUSE
                && let Some(open) = &connection
            {
                pruned_at = Instant::now();
                self.prune(open).await;
            }
            let pause = self.timing.poll.mul_f64(rand::rng().random_range(0.8..1.2));
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                () = async {
                    tokio::time::sleep(PAUSE_MIN).await;
                    self.ask.notified().await;
                } => {}
            }
        }
    }

    async fn once(
        &self,
        connection: &mut Option<Connection>,
        last: &mut Option<Look>,
    ) -> Result<(), Error> {
        // Taken out while it is used: a look that is broken off leaves nothing to be read by the next.
        let open = match connection.take() {
            Some(open) => open,
            None => listen::open(&self.options, &self.ask).await?,
        };
        let names: Vec<String> = self.sources().iter().map(|source| source.name.clone()).collect();
        let (found, changes) = look::look(&open, &self.options.app, &names, last.as_ref()).await?;
        *connection = Some(open);
        self.apply(&names, &changes);
        *last = Some(found.clone());
        self.looks.send_replace(Some(found));
        Ok(())
    }

    /// Takes out of the caches what a look has found. `names` are those that it had asked for.
    fn apply(&self, names: &[String], changes: &Changes) {
        let mut sources = self.sources();
        for (name, print) in names.iter().zip(&changes.prints) {
            let Some(source) = sources.iter_mut().find(|source| source.name == *name) else {
                continue;
            };
            let watched = print.clone().map_or(Watched::No, Watched::Yes);
            if changes.reset || source.watched != watched {
                source.tell("");
            }
            source.watched = watched;
        }
        for (name, key) in &changes.changes {
            if let Some(source) = sources.iter().find(|source| source.name == *name) {
                source.tell(key);
            }
        }
    }

    fn has_unwatched(&self) -> bool {
        self.sources().iter().any(|source| source.watched == Watched::No)
    }

    /// Makes triggers that are missing again, aside: it waits for locks.
    fn mend(&self) -> Option<JoinHandle<()>> {
        if self.options.owner_url.is_none() || self.tables.is_empty() {
            return None;
        }
        let (options, tables) = (Arc::clone(&self.options), Arc::clone(&self.tables));
        let ask = Arc::clone(&self.ask);
        Some(tokio::spawn(async move {
            match watch::ensure(&options, &tables).await {
                Ok(()) => ask.notify_one(),
                Err(error) => tracing::warn!(error = chain(&error), "a table is not watched"),
            }
        }))
    }

    async fn prune(&self, open: &Connection) {
        let keep_ms = milliseconds(self.timing.keep);
        let parameters: [(&(dyn ToSql + Sync), Type); 2] =
            [(&self.options.app, Type::TEXT), (&keep_ms, Type::INT8)];
        let statement = "SELECT changeover.prune_changes_v1($1, $2)";
        let pruning = open.client.query_typed(statement, &parameters);
        match tokio::time::timeout(LOOK_WAIT, pruning).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(error = chain(&error), "old notes were not pruned"),
            // What runs on goes on before the next look, which has a bound of its own.
            Err(_elapsed) => tracing::warn!("pruning old notes takes long"),
        }
    }
}

impl Source {
    fn tell(&self, key: &str) {
        for cache in self.caches.iter().filter_map(Weak::upgrade) {
            cache.invalidate(key);
        }
    }
}
