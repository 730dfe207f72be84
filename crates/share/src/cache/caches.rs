//! What a service makes its caches with; ends the looking when the last of them is gone.

use super::looker::{CacheTiming, Looking};
use super::shared_cache::{Bounds, BoxError, CacheKey, SharedCache};
use super::watch::{self, WatchedTable};
use crate::error::Error;
use changeover::Changeover;
use std::future::Future;
use std::sync::Arc;

/// An instance's shared caches; cheap to clone. Looking ends when these and all caches are dropped.
#[derive(Clone)]
pub struct Caches {
    looking: Looking,
}

impl Caches {
    /// Has the tables write notes, where this instance has the owner's connection, and begins to look for
    /// what others write. To be called once servable: the tables may be this upgrade's.
    pub async fn start(
        changeover: &Changeover,
        tables: Vec<WatchedTable>,
        timing: CacheTiming,
    ) -> Result<Self, Error> {
        let options = Arc::clone(changeover.options());
        watch::ensure(&options, &tables).await?;
        Ok(Self { looking: Looking::start(options, tables, timing) })
    }

    /// A cache of one value that is made of everything in a source: any change drops it.
    pub fn whole<V, E, F>(
        &self,
        source: &str,
        bounds: Bounds,
        load: impl Fn() -> F + Send + Sync + 'static,
    ) -> SharedCache<(), V>
    where
        V: Send + Sync + 'static,
        E: Into<BoxError>,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        SharedCache::new(&self.looking, source, bounds, false, move |()| load())
    }

    /// A cache of values by key. Where the source is watched by that key's column, a change drops what
    /// has the key, else everything.
    ///
    /// The loader must read the database that is watched, not a replica, and not in a transaction that
    /// it began earlier.
    pub fn by_key<K, V, E, F>(
        &self,
        source: &str,
        bounds: Bounds,
        load: impl Fn(K) -> F + Send + Sync + 'static,
    ) -> SharedCache<K, V>
    where
        K: CacheKey,
        V: Send + Sync + 'static,
        E: Into<BoxError>,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        SharedCache::new(&self.looking, source, bounds, true, load)
    }
}

impl std::fmt::Debug for Caches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caches").finish_non_exhaustive()
    }
}
