//! Our form: `0212_name.sql`, numbered one after the other.

use super::{File, SourceError, migration, numbered};
use crate::model::migration::Migration;

/// Timestamps have more digits than any folder counted by hand; sqlx's have fourteen.
const DIGITS_MAX: usize = 7;

/// Whether a name has this form.
pub(super) fn fits(name: &str) -> bool {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let stem = name.strip_suffix(".sql");
    digits <= DIGITS_MAX
        && stem.and_then(numbered).is_some()
        && !name.ends_with(".up.sql")
        && !name.ends_with(".down.sql")
}

/// Reads files of this form.
pub(super) fn read(files: &[&File]) -> Result<Vec<Migration>, SourceError> {
    files
        .iter()
        .map(|file| {
            let stem = file.0.strip_suffix(".sql").and_then(numbered);
            let (number, name) =
                stem.ok_or_else(|| SourceError::UnknownName { file: file.0.clone() })?;
            Ok(migration(number, name, file))
        })
        .collect()
}

/// Makes sure that no number between the first and the last is missing.
pub(super) fn without_gaps(migrations: &[Migration]) -> Result<(), SourceError> {
    match migrations.windows(2).find(|pair| pair[1].number != pair[0].number + 1) {
        Some(pair) => {
            Err(SourceError::Gap { file: pair[1].file.clone(), missing: pair[0].number + 1 })
        }
        None => Ok(()),
    }
}
