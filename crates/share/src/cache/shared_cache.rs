//! One cache: what a service reads from.
//!
//! A read is answered with what was loaded after a look that is younger than the bound, and that no look
//! since has found to be changed. Everything that it waits for has a bound of its own.

use super::error::CacheError;
use super::looker::Looking;
use super::slots::{Invalidate, Slots};
use super::snapshot::ChangeToken;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// What a loader may fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a read does when the last look is older than the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenStale {
    /// It fails at once.
    Fail,
    /// It waits for a look, at most for this long, and then fails.
    Wait(Duration),
}

/// The bounds of one cache.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How old the last look may be: no answer lacks what was committed before that. 5 s: as long as a
    /// lease, and longer than reconnecting takes.
    pub age_max: Duration,
    /// What a read does when it is older.
    pub when_stale: WhenStale,
    /// How long a read waits for the write whose token it was given.
    pub token_wait: Duration,
    /// How long the loader may take.
    pub load: Duration,
    /// How many values are kept; when there is one more, any other goes.
    pub entries_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            age_max: Duration::from_secs(5),
            when_stale: WhenStale::Fail,
            token_wait: Duration::from_secs(2),
            load: Duration::from_secs(10),
            entries_max: 10_000,
        }
    }
}

/// What can be a key: it reads as PostgreSQL writes the watched column as text.
pub trait CacheKey: Clone + Send + Sync + 'static {
    /// The key as PostgreSQL writes it.
    fn text(&self) -> String;
}

macro_rules! keys {
    ($($of:ty),+) => {
        $(impl CacheKey for $of {
            fn text(&self) -> String {
                self.to_string()
            }
        })+
    };
}
keys!(String, i16, i32, i64, uuid::Uuid);

impl CacheKey for () {
    fn text(&self) -> String {
        String::new()
    }
}

type Load<K, V> = Arc<dyn Fn(K) -> BoxFuture<'static, Result<V, BoxError>> + Send + Sync>;

/// A cache whose values are dropped when any program has written what they were made of; cheap to clone.
pub struct SharedCache<K, V> {
    looking: Looking,
    source: Arc<str>,
    bounds: Bounds,
    slots: Arc<Slots<V>>,
    load: Load<K, V>,
}

impl<K: CacheKey, V: Send + Sync + 'static> SharedCache<K, V> {
    pub(super) fn new<E, F>(
        looking: &Looking,
        source: &str,
        bounds: Bounds,
        is_by_key: bool,
        load: impl Fn(K) -> F + Send + Sync + 'static,
    ) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let slots = Arc::new(Slots::new(is_by_key, bounds.entries_max));
        let entered: Weak<dyn Invalidate> = Arc::downgrade(&(Arc::clone(&slots) as _));
        looking.looker.enter(source, entered);
        let load: Load<K, V> = Arc::new(move |key| {
            let loading = load(key);
            async move { loading.await.map_err(Into::into) }.boxed()
        });
        Self { looking: looking.clone(), source: source.into(), bounds, slots, load }
    }

    /// The value of a key (`&()` where there is only one), loaded if it is not there.
    pub async fn get(&self, key: &K) -> Result<Arc<V>, CacheError> {
        self.wait(None).await?;
        self.load(key).await
    }

    /// The same, with the write in it that gave this token, whichever instance has written.
    pub async fn get_at_least(&self, key: &K, token: ChangeToken) -> Result<Arc<V>, CacheError> {
        self.wait(Some(token)).await?;
        self.load(key).await
    }

    /// Waits until there is a look that is young enough and sees the write, within the bounds.
    async fn wait(&self, token: Option<ChangeToken>) -> Result<(), CacheError> {
        let began = Instant::now();
        let mut looks = self.looking.looker.looks();
        loop {
            let (missing, limit) = {
                let look = looks.borrow_and_update();
                let is_known = self.looking.looker.is_known(&self.source)?;
                match &*look {
                    Some(look) if is_known && look.sent.elapsed() <= self.bounds.age_max => {
                        match token {
                            Some(token) if !token.is_seen(look.timeline, &look.snapshot) => {
                                (Missing::Write(token), self.bounds.token_wait)
                            }
                            _ => return Ok(()),
                        }
                    }
                    Some(look) if is_known => {
                        let age = look.sent.elapsed();
                        let limit = match self.bounds.when_stale {
                            WhenStale::Fail => Duration::ZERO,
                            WhenStale::Wait(limit) => limit,
                        };
                        (Missing::Look(age), limit)
                    }
                    // The first look of this source: there is nothing old to be handed out yet.
                    _ => (Missing::Look(began.elapsed()), self.bounds.age_max),
                }
            };
            self.looking.looker.ask();
            let left = limit.saturating_sub(began.elapsed());
            match tokio::time::timeout(left, looks.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Err(self.failure(missing, began.elapsed())),
            }
        }
    }

    fn failure(&self, missing: Missing, waited: Duration) -> CacheError {
        match missing {
            Missing::Look(age) => CacheError::TooStale {
                age_ms: milliseconds(age),
                bound_ms: milliseconds(self.bounds.age_max),
            },
            Missing::Write(token) => CacheError::NotSeen { token, waited_ms: milliseconds(waited) },
        }
    }

    async fn load(&self, key: &K) -> Result<Arc<V>, CacheError> {
        let slot = self.slots.slot(&key.text());
        let name = || self.source.as_ref().to_owned();
        let loaded = slot
            .get_or_try_init(async || {
                let loading = tokio::time::timeout(self.bounds.load, (self.load)(key.clone()));
                match loading.await {
                    Ok(Ok(value)) => Ok(Arc::new(value)),
                    Ok(Err(source)) => Err(CacheError::Load { name: name(), source }),
                    Err(_elapsed) => Err(CacheError::LoadDeadline {
                        name: name(),
                        limit_ms: milliseconds(self.bounds.load),
                    }),
                }
            })
            .await?;
        Ok(Arc::clone(loaded))
    }
}

/// What a read is waiting for.
#[derive(Clone, Copy)]
enum Missing {
    /// A look that is young enough; so old is the last one.
    Look(Duration),
    /// This write.
    Write(ChangeToken),
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl<K, V> Clone for SharedCache<K, V> {
    fn clone(&self) -> Self {
        Self {
            looking: self.looking.clone(),
            source: Arc::clone(&self.source),
            bounds: self.bounds,
            slots: Arc::clone(&self.slots),
            load: Arc::clone(&self.load),
        }
    }
}

impl<K, V> std::fmt::Debug for SharedCache<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedCache").field("source", &self.source).finish_non_exhaustive()
    }
}
