//! The policies for builds, kept in memory by every instance, and never older than promised.
//!
//! Two releases serve at once and either may write, as may psql: a cache of the library hears of it.
//! Where nobody has the table watched, or the cache cannot promise anything, the database is asked each
//! time. Read by `route/detect_build.rs` and `route/policies.rs`.

use crate::{
    database::{Pool, StatementMode},
    release::Release,
    request::ApiError,
};
use changeover_share::cache::{Bounds, CacheError, Caches, ChangeToken, SharedCache};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};
use tokio_postgres::types::Json;
use uuid::Uuid;

/// The table, which is the source of the cache as well.
pub const TABLE: &str = "policies";

/// What violates a policy, as it stands in its payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Criteria {
    /// The least CVSS that counts.
    pub min_cvss: f64,
    /// Whether only CVEs with a fix count.
    pub only_fixable: bool,
    /// How many are tolerated.
    pub tolerated: usize,
}

/// One policy for builds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuildPolicy {
    /// Its key.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its severity.
    pub severity: String,
    /// What violates it.
    pub criteria: Criteria,
}

/// Where policies are read from.
#[derive(Clone, Debug)]
pub struct Policies {
    table: Table,
    cache: Arc<OnceLock<SharedCache<(), Vec<BuildPolicy>>>>,
}

/// The table as this release reads it.
#[derive(Clone, Debug)]
struct Table {
    pool: Pool,
    mode: StatementMode,
    release: &'static Release,
}

impl Policies {
    /// Reads from the table, until there is a cache.
    pub fn new(pool: Pool, mode: StatementMode, release: &'static Release) -> Self {
        Self { table: Table { pool, mode, release }, cache: Arc::default() }
    }

    /// Reads from a cache from now on.
    pub(crate) fn share(&self, caches: &Caches) {
        let table = self.table.clone();
        let load = move || {
            let table = table.clone();
            async move { table.read().await.map_err(|error| format!("{error:?}")) }
        };
        self.cache.get_or_init(|| caches.whole(TABLE, Bounds::default(), load));
    }

    /// Whether writes of others are heard of, and so a token means anything.
    pub fn is_shared(&self) -> bool {
        self.cache.get().is_some()
    }

    /// All policies for builds, by name; with the write in them that gave the token. Takes a connection
    /// of the pool at times: to be called by who holds none.
    ///
    /// # Errors
    /// When the database has to be asked and cannot be, or that write is not committed in time.
    pub async fn get(&self, token: Option<ChangeToken>) -> Result<Arc<Vec<BuildPolicy>>, ApiError> {
        let Some(cache) = self.cache.get() else {
            return self.table.read().await.map(Arc::new);
        };
        let found = match token {
            Some(token) => cache.get_at_least(&(), token).await,
            None => cache.get(&()).await,
        };
        match found {
            Ok(policies) => Ok(policies),
            Err(CacheError::NotSeen { .. }) => {
                Err(ApiError::Unavailable("the write of the token is not committed yet"))
            }
            Err(error) => {
                tracing::debug!(error = changeover::chain(&error), "the database is asked instead");
                self.table.read().await.map(Arc::new)
            }
        }
    }
}

impl Table {
    async fn read(&self) -> Result<Vec<BuildPolicy>, ApiError> {
        let client = self.pool.get().await?;
        let statement = self.release.statements.build_policies;
        let rows = self.mode.query(&client, statement, &[]).await?;
        let policies = rows.iter().map(|row| {
            let Json(criteria) = row.try_get(3)?;
            Ok(BuildPolicy {
                id: row.try_get(0)?,
                name: row.try_get(1)?,
                severity: row.try_get(2)?,
                criteria,
            })
        });
        policies.collect::<Result<_, tokio_postgres::Error>>().map_err(ApiError::from)
    }
}
