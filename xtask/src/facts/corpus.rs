//! The histories: published packages that carry their service's migrations as SQL files.
//!
//! Each has its own way of laying files out; here stands which of them are played, in which order, and
//! what its own program does before the first one. Versions are pinned: another version is another
//! history. Nothing of them is committed.

use super::package::Registry;
use anyhow::{Context as _, ensure};
use std::path::{Path, PathBuf};

/// One service's history in a package.
struct Source {
    registry: Registry,
    package: &'static str,
    version: &'static str,
    /// What its own program runs before the first file.
    before: &'static str,
    /// Files and folders in the package, in the order in which they are played.
    parts: &'static [&'static str],
}

const fn crates(package: &'static str, version: &'static str) -> Source {
    Source { registry: Registry::Crates, package, version, before: "", parts: &["migrations"] }
}

const fn pypi(
    package: &'static str,
    version: &'static str,
    parts: &'static [&'static str],
) -> Source {
    Source { registry: Registry::PyPi, package, version, before: "", parts }
}

/// What graphile-worker's program makes before its files; the crate's is the same.
const GRAPHILE: &str = "CREATE SCHEMA graphile_worker; CREATE TABLE graphile_worker.migrations \
     (id int PRIMARY KEY, ts timestamptz DEFAULT now() NOT NULL)";

const SOURCES: [Source; 14] = [
    crates("zksync_dal", "29.13.0-non-semver-compat"),
    crates("atuin-server-postgres", "18.20.1"),
    Source {
        before: GRAPHILE,
        parts: &["src/sql"],
        ..crates("graphile_worker_migrations", "0.4.24")
    },
    crates("apalis-postgres", "1.0.0"),
    crates("fuel-indexer-postgres", "0.25.0"),
    crates("sqlxmq", "0.6.0"),
    crates("underway", "0.2.0"),
    Source { parts: &["migrations/postgresql"], ..crates("quickwit-metastore", "0.3.0") },
    crates("lemmy_db_schema", "1.0.0-test-fix-publish-3"),
    pypi("procrastinate", "3.10.0", &["procrastinate/sql/migrations"]),
    // What a new installation runs instead of the migrations.
    pypi("procrastinate", "3.10.0", &["procrastinate/sql/schema.sql"]),
    pypi("litellm-proxy-extras", "0.4.110", &["litellm_proxy_extras/migrations"]),
    // A new installation begins with the schema of version 72; earlier changes cannot follow it.
    pypi(
        "matrix-synapse",
        "1.163.2",
        &[
            "synapse/storage/schema/common/full_schemas/72",
            "synapse/storage/schema/main/full_schemas/72",
            "synapse/storage/schema/state/full_schemas/72",
            "synapse/storage/schema/main/delta",
            "synapse/storage/schema/state/delta",
        ],
    ),
    Source {
        registry: Registry::Npm,
        package: "graphile-worker",
        version: "0.17.3",
        before: GRAPHILE,
        parts: &["package/sql"],
    },
];

/// The last version of matrix-synapse whose changes its first files contain.
const SYNAPSE_FULL: u64 = 72;

/// One service's SQL files, in the order in which they are played.
pub(super) struct History {
    pub(super) name: String,
    pub(super) files: Vec<(String, String)>,
}

/// Fetches what is not there yet, and reads it.
pub(super) fn histories(only: Option<&str>) -> anyhow::Result<Vec<History>> {
    let chosen =
        SOURCES.iter().filter(|source| only.is_none_or(|only| source.name().contains(only)));
    let histories = chosen.map(Source::read).collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!histories.is_empty(), "no history has that in its name");
    Ok(histories)
}

impl Source {
    fn name(&self) -> String {
        match self.parts {
            [file] if file.ends_with(".sql") => format!("{} (schema)", self.package),
            _ => self.package.to_owned(),
        }
    }

    fn read(&self) -> anyhow::Result<History> {
        let folder = self.registry.folder(self.package, self.version)?;
        let mut files = vec![("before the first file".to_owned(), self.before.to_owned())];
        for part in self.parts {
            let mut paths = Vec::new();
            sql_files(&folder.join(part), &mut paths, 0)?;
            paths.sort_by_cached_key(|path| natural(&path.to_string_lossy()));
            ensure!(!paths.is_empty(), "{} has no SQL in {part}", self.package);
            for path in paths {
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("{} is not read", path.display()))?;
                let file = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
                // Placeholders that the package's own program fills in.
                files.push((file, text.replace(":GRAPHILE_WORKER_SCHEMA", "graphile_worker")));
            }
        }
        Ok(History { name: self.name(), files })
    }
}

/// All files below a path that lead forward and are for PostgreSQL.
fn sql_files(path: &Path, found: &mut Vec<PathBuf>, depth: u32) -> anyhow::Result<()> {
    /// Deeper is no folder of migrations.
    const DEPTH_MAX: u32 = 4;
    if path.is_dir() {
        ensure!(depth < DEPTH_MAX, "{} is too deep", path.display());
        for entry in std::fs::read_dir(path).with_context(|| path.display().to_string())? {
            sql_files(&entry?.path(), found, depth + 1)?;
        }
    } else if leads_forward(path) {
        found.push(path.to_owned());
    }
    Ok(())
}

fn leads_forward(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let sql = name.ends_with(".sql") || name.ends_with(".sql.postgres");
    // `synapse/storage/schema/main/delta/73/01….sql`
    let contained = path.components().any(|part| part.as_os_str() == "delta")
        && path
            .parent()
            .and_then(|folder| folder.file_name()?.to_str()?.parse::<u64>().ok())
            .is_some_and(|version| version <= SYNAPSE_FULL);
    sql && !contained && name != "down.sql" && !name.ends_with(".down.sql")
}

/// Numbers in a path sort by their value, the rest by its letters.
fn natural(path: &str) -> Vec<(u128, String)> {
    let mut parts = vec![(0, String::new())];
    let mut digits = String::new();
    for letter in path.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        if !digits.is_empty() {
            parts.push((digits.parse().unwrap_or(u128::MAX), String::new()));
            digits.clear();
        }
        if let Some((_, text)) = parts.last_mut() {
            text.push(letter);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_by_value_and_ways_back_are_left_out() {
        assert!(natural("m/9_a.sql") < natural("m/10_a.sql"));
        assert!(natural("m/10_a/up.sql") < natural("m/10_b/up.sql"));
        for (path, forward) in [
            ("m/1_shutdown.up.sql", true),
            ("m/1_countdown.sql", true),
            ("m/1_a.down.sql", false),
            ("m/1_a/down.sql", false),
            ("m/delta/73/01_a.sql.postgres", true),
            ("m/delta/73/01_a.sql.sqlite", false),
            ("m/delta/72/01_a.sql", false),
        ] {
            assert_eq!(leads_forward(Path::new(path)), forward, "{path}");
        }
    }
}
