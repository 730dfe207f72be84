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
pub(super) fn read(files: &[&File]) -> Result<Vec<Migration>, SourceError> {
    let mut migrations = Vec::new();
    for file in files {
        let (number, name) = stem(&file.0)
            .and_then(numbered)
            .ok_or_else(|| SourceError::UnknownName { file: file.0.clone() })?;
        if file.0.ends_with(".down.sql") {
            let up = |other: &&&File| {
                !other.0.ends_with(".down.sql")
                    && stem(&other.0).and_then(numbered).is_some_and(|(found, _)| found == number)
            };
            if files.iter().find(up).is_none() {
                return Err(SourceError::Unsupported {
                    file: file.0.clone(),
                    what: "a down migration without an up migration",
                    remedy: "add the .up.sql file with the same number",
                });
            }
            continue;
        }
        migrations.push(migration(number, name, file));
    }
    Ok(migrations)
}
