//! Applies the configuration that is mounted: a folder of JSON files with policies and notifiers.
//!
//! What came from a file and has none any more, is removed, so only one mount may be applied at a time:
//! two releases with different mounts would remove each other's objects for ever. Only the current
//! generation's owner applies its mount. Objects that people made are never touched: a file that names
//! one is passed over. A folder in which any file is broken is not applied at all. SQL: `declarative/`.

use super::WorkerSettings;
use changeover_work::{BoxFuture, SingletonWorker, Tenure, WorkError};
use serde::Deserialize;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio_postgres::{Client, types::Type};

/// Between two looks at the mount, as upstream.
const PAUSE: Duration = Duration::from_secs(20);

/// The most files of a mount, and the largest of them: a Kubernetes ConfigMap has at most 1 MiB.
const FILES_MAX: usize = 1_000;
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Why a mount was not applied.
#[derive(Debug, thiserror::Error)]
pub enum DeclarativeError {
    /// The folder or a file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path} is no policy or notifier")]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Too many files, or too large a one.
    #[error("{path} is more than is read: {bound}")]
    TooMuch {
        /// Which.
        path: PathBuf,
        /// The bound.
        bound: String,
    },
    /// A statement failed.
    #[error("applying the declarative configuration failed")]
    Sql(#[from] tokio_postgres::Error),
}

/// What one file declares.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum Declared {
    /// A policy.
    #[serde(rename_all = "camelCase")]
    Policy {
        /// Its name.
        name: String,
        /// `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`.
        severity: String,
        /// `BUILD`, `DEPLOY` or `RUNTIME`.
        lifecycle_stage: String,
        /// Its criteria.
        payload: Value,
    },
    /// Where alerts are sent to.
    Notifier {
        /// Its name.
        name: String,
        /// The webhook's address.
        endpoint: String,
    },
}

/// What was changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Made or changed.
    pub written: u64,
    /// Removed, or disabled where alerts still name it.
    pub removed: u64,
    /// Passed over: the name is that of an object that a person made.
    pub passed_over: u64,
}

/// Reads a mount.
///
/// # Errors
/// When a file cannot be read, or says something else.
pub fn read_folder(folder: &Path) -> Result<Vec<Declared>, DeclarativeError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| DeclarativeError::Read { path, source }
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    if files.len() > FILES_MAX {
        let bound = format!("at most {FILES_MAX} files");
        return Err(DeclarativeError::TooMuch { path: folder.to_owned(), bound });
    }
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let bytes = std::fs::metadata(&path).map_err(unreadable(&path))?.len();
            if bytes > FILE_BYTES_MAX {
                let bound = format!("at most {FILE_BYTES_MAX} bytes");
                return Err(DeclarativeError::TooMuch { path, bound });
            }
            let text = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
            serde_json::from_str(&text)
                .map_err(|source| DeclarativeError::Malformed { path, source })
        })
        .collect()
}

/// Brings the database to what the mount says.
///
/// # Errors
/// When a statement fails.
pub async fn apply(
    transaction: &Client,
    declared: &[Declared],
) -> Result<Applied, DeclarativeError> {
    let mut applied = Applied::default();
    let (mut policies, mut notifiers) = (Vec::new(), Vec::new());
    for object in declared {
        let rows = match object {
            Declared::Policy { name, severity, lifecycle_stage, payload } => {
                policies.push(name.as_str());
                let statement = include_str!("declarative/policy.sql");
                let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] = [
                    (name, Type::TEXT),
                    (severity, Type::TEXT),
                    (lifecycle_stage, Type::TEXT),
                    (payload, Type::JSONB),
                ];
                transaction.query_typed(statement, &parameters).await?
            }
            Declared::Notifier { name, endpoint } => {
                notifiers.push(name.as_str());
                let statement = include_str!("declarative/notifier.sql");
                let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
                    [(name, Type::TEXT), (endpoint, Type::TEXT)];
                transaction.query_typed(statement, &parameters).await?
            }
        };
        for row in rows {
            applied.passed_over += u64::from(row.try_get::<_, bool>(0)?);
            applied.written += u64::from(row.try_get::<_, bool>(1)?);
        }
    }
    transaction.query_typed(include_str!("by_index.sql"), &[]).await?;
    for (statement, names) in [
        (include_str!("declarative/policies_gone.sql"), policies),
        (include_str!("declarative/notifiers_gone.sql"), notifiers),
    ] {
        applied.removed +=
            transaction.execute_typed(statement, &[(&names, Type::TEXT_ARRAY)]).await?;
    }
    Ok(applied)
}

/// The worker.
#[derive(Debug)]
pub(super) struct Declarative {
    folder: PathBuf,
    pause: Duration,
}

impl Declarative {
    pub(super) fn new(folder: PathBuf, settings: &WorkerSettings) -> Self {
        Self { folder, pause: settings.pause(PAUSE) }
    }
}

impl SingletonWorker for Declarative {
    fn name(&self) -> &str {
        "declarative"
    }

    fn pause(&self) -> Duration {
        self.pause
    }

    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>> {
        Box::pin(async move {
            let declared = read_folder(&self.folder).map_err(WorkError::other)?;
            let transaction = tenure.begin().await?;
            let applied = apply(transaction.client(), &declared).await.map_err(WorkError::other)?;
            transaction.commit().await?;
            if applied != Applied::default() {
                tracing::info!(?applied, "declarative configuration");
            }
            Ok(())
        })
    }
}
