//! From a folder's files to numbered migrations, and the ledger's memory held against them.
//!
//! Callers read the files; this module is given their paths within the folder and their texts. One file
//! for each form that a folder may have in `format/`. [`detect`] tells them apart; `sections` keeps of
//! files that hold both ways what leads forward; `next` names the next file.
//!
//! Nothing is passed over in silence: an SQL file, or a migration in another language, that the folder's
//! form does not know is an error that names it.

mod error;
pub mod format;
mod history;
mod next;
mod sections;

pub use error::SourceError;
pub use format::Format;
pub use history::{History, HistoryError, HistoryFault, verify_history};
pub use next::{NewFile, Next, next};

use crate::{model::migration::Migration, sql};
use sha2::{Digest, Sha256};
use std::cmp::Reverse;

/// One file: its path within the folder, with `/`, and its text (empty where it is none).
pub type File = (String, String);

/// The endings of files in which other tools keep migrations that are no SQL.
const OTHER_LANGUAGES: [&str; 13] =
    ["cs", "exs", "go", "java", "js", "kt", "php", "py", "rb", "rs", "ts", "xml", "yaml"];

/// Reads a folder's files, whatever form they have.
///
/// # Errors
/// The first file that does not fit the form, and missing or doubled numbers.
pub fn read(files: &[File]) -> Result<Vec<Migration>, SourceError> {
    read_as(files, detect(files)?)
}

/// Reads a folder's files as one form, whatever their names look like.
///
/// # Errors
/// The first file that does not fit the form, and missing or doubled numbers.
pub fn read_as(files: &[File], format: &Format) -> Result<Vec<Migration>, SourceError> {
    if let Some(stranger) = files.iter().find(|file| leads_with_number(file) && is_code(file)) {
        return Err(no_sql(stranger));
    }
    let mut migrations = Vec::new();
    for file in files.iter().filter(|file| is_sql(file)) {
        migrations.extend((format.read)(files, file)?);
    }
    if let (true, Some(file)) = (migrations.is_empty(), files.iter().find(|file| is_sql(file))) {
        return Err(SourceError::Unsupported {
            file: file.0.clone(),
            what: "a down migration, and the folder has no up migration",
            remedy: "add the files that lead forward",
        });
    }
    migrations.sort_by(|a, b| (a.number, &a.file).cmp(&(b.number, &b.file)));
    if let Some(pair) = migrations.windows(2).find(|pair| pair[0].number == pair[1].number) {
        return Err(SourceError::Doubled {
            number: pair[0].number,
            first: pair[0].file.clone(),
            second: pair[1].file.clone(),
        });
    }
    if format.gapless {
        without_gaps(&migrations)?;
    }
    Ok(migrations)
}

/// Tells which form a folder has: the first one that all its SQL files fit; an empty folder has ours.
///
/// # Errors
/// Where the files have different forms, or one has none, or there are only migrations that are no SQL.
pub fn detect(files: &[File]) -> Result<&'static Format, SourceError> {
    let sql: Vec<&File> = files.iter().filter(|file| is_sql(file)).collect();
    let fits = |format: &Format| sql.iter().filter(|file| (format.fits)(file)).count();
    if sql.is_empty() {
        let numbered =
            |file: &&File| is_code(file) && file.0.bytes().any(|byte| byte.is_ascii_digit());
        return files.iter().find(numbered).map_or(Ok(format::OURS), |file| Err(no_sql(file)));
    }
    // That of most files, so that the error names the one that is unlike the others.
    let format = format::ALL.iter().min_by_key(|format| Reverse(fits(format)));
    let format = format.copied().unwrap_or(format::OURS);
    let no_format = |file: &&&File| !format::ALL.iter().any(|format| (format.fits)(file));
    let unlike = |file: &&&File| !(format.fits)(file);
    match sql.iter().find(no_format).or_else(|| sql.iter().find(unlike)) {
        Some(stranger) => Err(unknown(stranger)),
        None => Ok(format),
    }
}

/// The error of a file that no form has, or not this one.
fn unknown(file: &File) -> SourceError {
    let forms: Vec<String> =
        format::ALL.iter().map(|form| format!("{} ({})", form.example, form.tool)).collect();
    SourceError::UnknownName { file: file.0.clone(), forms: forms.join(", ") }
}

fn no_sql(file: &File) -> SourceError {
    SourceError::Unsupported {
        file: file.0.clone(),
        what: "a migration that is no SQL",
        remedy: "write it as SQL, in a file of the form that the others have",
    }
}

fn is_sql(file: &File) -> bool {
    file.0.ends_with(".sql")
}

fn is_code(file: &File) -> bool {
    file.0.rsplit_once('.').is_some_and(|(_, ending)| OTHER_LANGUAGES.contains(&ending))
}

/// Whether a file's name begins as migrations' names do.
fn leads_with_number(file: &File) -> bool {
    let name = file.0.strip_prefix('V').unwrap_or(&file.0);
    name.starts_with(|first: char| first.is_ascii_digit())
}

/// Makes sure that no number between the first and the last is missing.
fn without_gaps(migrations: &[Migration]) -> Result<(), SourceError> {
    match migrations.windows(2).find(|pair| pair[1].number != pair[0].number + 1) {
        Some(pair) => {
            Err(SourceError::Gap { file: pair[1].file.clone(), missing: pair[0].number + 1 })
        }
        None => Ok(()),
    }
}

/// SHA-256 in hex.
fn checksum(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the ledger's checksum is that of this migration: over its tokens, or, as it was taken
/// before, over its text with either kind of line endings.
fn has_checksum(migration: &Migration, kept: &str) -> bool {
    if migration.checksum == kept {
        return true;
    }
    let unix = migration.text.replace("\r\n", "\n");
    let windows = unix.replace('\n', "\r\n");
    [migration.text.as_str(), &unix, &windows].into_iter().any(|text| checksum(text) == kept)
}

/// Puts a migration together.
fn migration(number: u64, name: &str, file: &File) -> Migration {
    let text = sections::forward(&file.1).into_owned();
    Migration {
        number,
        name: name.to_owned(),
        file: file.0.clone(),
        checksum: checksum(&sql::tokens(&text)),
        without_transaction: sections::without_transaction(&file.1),
        text,
    }
}

/// Number and name of a path `digits_name` that has this ending and lies in no folder of its own.
fn numbered<'a>(file: &'a File, ending: &str) -> Option<(u64, &'a str)> {
    let stem = file.0.strip_suffix(ending).filter(|stem| !stem.contains('/'))?;
    let (number, name) = stem.split_once('_')?;
    let all_digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (all_digits && !name.is_empty()).then(|| number.parse().ok().map(|number| (number, name)))?
}

#[cfg(test)]
mod tests;
