//! sqlx's form: `20240131120000_name.sql`, or `….up.sql` with `….down.sql` beside it.
//!
//! Down files are left aside: the way back is the plan's own undo.

use super::{File, SourceError, migration, numbered};
use crate::model::migration::Migration;

/// Whether a name has this form.
pub(super) fn fits(name: &str) -> bool {
    stem(name).and_then(numbered).is_some()
}

fn stem(name: &str) -> Option<&str> {
    name.strip_suffix(".up.sql")
        .or_else(|| name.strip_suffix(".down.sql"))
        .or_else(|| name.strip_suffix(".sql"))
}

/// Reads files of this form.
///
/// A down file without its up file is left aside too, as sqlx does: one with another number than its
/// up file was found in the wild. Down files alone are no history.
pub(super) fn read(files: &[&File]) -> Result<Vec<Migration>, SourceError> {
    let mut migrations = Vec::new();
    for file in files {
        let (number, name) = stem(&file.0)
            .and_then(numbered)
            .ok_or_else(|| SourceError::UnknownName { file: file.0.clone() })?;
        if !file.0.ends_with(".down.sql") {
            migrations.push(migration(number, name, file));
        }
    }
    match files.first() {
        Some(file) if migrations.is_empty() => Err(SourceError::Unsupported {
            file: file.0.clone(),
            what: "a down migration, and the folder has no up migration",
            remedy: "add the .up.sql files",
        }),
        _ => Ok(migrations),
    }
}
