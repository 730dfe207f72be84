//! The histories: crates that carry their service's migrations as SQL files, by cargo's own client.
//! Nothing of them is committed.

use crate::histories::fetch;
use anyhow::Context as _;
use std::path::{Path, PathBuf};

/// Name and version of each crate. Pinned: another version is another history.
const CRATES: [(&str, &str); 9] = [
    ("zksync_dal", "29.13.0-non-semver-compat"),
    ("atuin-server-postgres", "18.20.1"),
    ("graphile_worker_migrations", "0.4.24"),
    ("apalis-postgres", "1.0.0"),
    ("fuel-indexer-postgres", "0.25.0"),
    ("sqlxmq", "0.6.0"),
    ("underway", "0.2.0"),
    ("quickwit-metastore", "0.3.0"),
    ("lemmy_db_schema", "1.0.0-test-fix-publish-3"),
];

/// One service's SQL files, in the order of their names.
pub(super) struct History {
    pub(super) name: &'static str,
    pub(super) files: Vec<(String, String)>,
}

/// Fetches what is not there yet, and reads it.
pub(super) fn histories(only: Option<&str>) -> anyhow::Result<Vec<History>> {
    CRATES
        .into_iter()
        .filter(|(name, _)| only.is_none_or(|only| name.contains(only)))
        .map(|(name, version)| {
            let folder = fetch::unpacked_crate(name, version)?;
            let mut paths = Vec::new();
            sql_files(&folder, &mut paths, 0)?;
            paths.sort();
            let files = paths.into_iter().map(|path| {
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("{} is not read", path.display()))?;
                let file = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
                // Placeholders that the crate's own program fills in.
                let text = text.replace(":GRAPHILE_WORKER_SCHEMA", "graphile_worker");
                Ok((file, text))
            });
            let mut files = files.collect::<anyhow::Result<Vec<_>>>()?;
            // Its program makes the schema before the first file.
            let schema = "CREATE SCHEMA graphile_worker".to_owned();
            if files.iter().any(|(_, text)| text.contains("graphile_worker.")) {
                files.insert(0, (String::new(), schema));
            }
            Ok(History { name, files })
        })
        .collect()
}

/// All `.sql` files below a folder that lead forward and are for PostgreSQL.
fn sql_files(folder: &Path, found: &mut Vec<PathBuf>, depth: u32) -> anyhow::Result<()> {
    /// Deeper is no folder of migrations.
    const DEPTH_MAX: u32 = 6;
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_dir() && depth < DEPTH_MAX {
            sql_files(&path, found, depth + 1)?;
        } else if name.ends_with(".sql") && !name.contains("down") && in_migrations(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// Only what stands in a folder of migrations: others are queries.
fn in_migrations(path: &Path) -> bool {
    let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy().to_lowercase());
    parts.any(|part| part.contains("migration") || part == "sql")
}
