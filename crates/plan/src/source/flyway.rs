//! Flyway's and refinery's form: `V12__name.sql`.
//!
//! Repeatable (`R__`), undo and unversioned (`U…`) files and dotted versions are refused by name:
//! none of them has one place in the order of migrations.

use super::{File, SourceError, migration};
use crate::model::migration::Migration;

/// Whether a name has this form, refused ones included.
pub(super) fn fits(name: &str) -> bool {
    name.strip_suffix(".sql")
        .is_some_and(|stem| stem.starts_with(['V', 'U', 'R', 'B']) && stem.contains("__"))
}

/// Reads files of this form.
pub(super) fn read(files: &[&File]) -> Result<Vec<Migration>, SourceError> {
    files.iter().map(|file| read_one(file)).collect()
}

fn read_one(file: &File) -> Result<Migration, SourceError> {
    let refused = |what, remedy| SourceError::Unsupported { file: file.0.clone(), what, remedy };
    let stem = file.0.strip_suffix(".sql").unwrap_or(&file.0);
    let Some(versioned) = stem.strip_prefix('V') else {
        return Err(match stem.as_bytes().first() {
            Some(b'R') => refused(
                "repeatable migrations have no place in the order of an upgrade",
                "make it a numbered migration whenever it changes: V13__name.sql",
            ),
            Some(b'B') => refused(
                "baseline migrations are not read",
                "remove it; `changeover adopt` takes over a database that exists",
            ),
            _ => refused(
                "undo and unversioned migrations are not read",
                "remove it, or number it: V13__name.sql; the way back is the plan's own",
            ),
        });
    };
    let (version, name) = versioned
        .split_once("__")
        .ok_or_else(|| SourceError::UnknownName { file: file.0.clone() })?;
    let number = version.parse().map_err(|_| {
        refused(
            "dotted versions have no single number",
            "number the files V1__, V2__, … or by timestamp",
        )
    })?;
    Ok(migration(number, name, file))
}
