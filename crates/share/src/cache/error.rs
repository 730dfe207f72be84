//! Why a cache has no answer. Never an old one instead.

use super::ChangeToken;

/// Why a read of a shared cache failed.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The database was not reached for longer than the bound.
    #[error("too stale: changes were last looked for {age_ms} ms ago, allowed are {bound_ms} ms")]
    TooStale {
        /// How long ago the last look was, as far as is known.
        age_ms: u64,
        /// The cache's bound.
        bound_ms: u64,
    },
    /// A table of the source writes no notes, or no longer.
    #[error(
        "source {name} is not watched: no table was entered for it, or a trigger is missing or off; \
         see changeover.watch_table_v1"
    )]
    NotWatched {
        /// The source.
        name: String,
    },
    /// The write that the reader wants to see was not committed in time.
    #[error("the write {token} was not seen within {waited_ms} ms")]
    NotSeen {
        /// Which write.
        token: ChangeToken,
        /// How long was waited.
        waited_ms: u64,
    },
    /// The loader failed.
    #[error("loading from source {name} failed")]
    Load {
        /// The source.
        name: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The loader took too long.
    #[error("loading from source {name} took longer than {limit_ms} ms")]
    LoadDeadline {
        /// The source.
        name: String,
        /// The bound.
        limit_ms: u64,
    },
}
