//! From a folder's files to numbered migrations, and the ledger's memory held against them.
//!
//! Callers read the files; this module is given names and texts. One file for each form: `ours`,
//! `sqlx`, `flyway`. [`detect`] tells them apart by names alone; `sections` keeps of goose's and
//! dbmate's files what leads forward.

mod error;
mod flyway;
mod history;
mod ours;
mod sections;
mod sqlx;

pub use error::SourceError;
pub use history::{History, HistoryError, HistoryFault, verify_history};

use crate::{model::migration::Migration, sql};
use sha2::{Digest, Sha256};

/// One file: its name without folder, and its text.
pub type File = (String, String);

/// The form that a folder's files have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `0212_name.sql`, numbered without gaps.
    Ours,
    /// `20240131120000_name.sql`, with or without `.up` and `.down`.
    Sqlx,
    /// `V12__name.sql`, as Flyway and refinery have it.
    Flyway,
}

/// Reads a folder's files, whatever form they have. Files that do not end in `.sql` are left out.
///
/// # Errors
/// The first file that does not fit the form, and missing or doubled numbers.
pub fn read(files: &[File]) -> Result<Vec<Migration>, SourceError> {
    let names: Vec<&str> =
        files.iter().map(|(name, _)| name.as_str()).filter(|name| name.ends_with(".sql")).collect();
    read_as(files, detect(&names)?)
}

/// Reads a folder's files as one form, whatever their names look like.
///
/// # Errors
/// The first file that does not fit the form, and missing or doubled numbers.
pub fn read_as(files: &[File], format: Format) -> Result<Vec<Migration>, SourceError> {
    let files: Vec<&File> = files.iter().filter(|(name, _)| name.ends_with(".sql")).collect();
    let mut migrations = match format {
        Format::Ours => ours::read(&files)?,
        Format::Sqlx => sqlx::read(&files)?,
        Format::Flyway => flyway::read(&files)?,
    };
    migrations.sort_by(|a, b| (a.number, &a.file).cmp(&(b.number, &b.file)));
    if let Some(pair) = migrations.windows(2).find(|pair| pair[0].number == pair[1].number) {
        return Err(SourceError::Doubled {
            number: pair[0].number,
            first: pair[0].file.clone(),
            second: pair[1].file.clone(),
        });
    }
    if format == Format::Ours {
        ours::without_gaps(&migrations)?;
    }
    Ok(migrations)
}

/// Tells from the names which form a folder has; an empty one has ours.
///
/// # Errors
/// Where the files have different forms, or one has none.
pub fn detect(names: &[&str]) -> Result<Format, SourceError> {
    if names.iter().all(|name| ours::fits(name)) {
        return Ok(Format::Ours);
    }
    if names.iter().all(|name| sqlx::fits(name)) {
        return Ok(Format::Sqlx);
    }
    if names.iter().all(|name| flyway::fits(name)) {
        return Ok(Format::Flyway);
    }
    let stranger = names
        .iter()
        .find(|name| !ours::fits(name) && !sqlx::fits(name) && !flyway::fits(name))
        .or_else(|| names.iter().find(|name| flyway::fits(name)))
        .or_else(|| names.first());
    Err(SourceError::UnknownName { file: stranger.copied().unwrap_or_default().to_owned() })
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
        text,
    }
}

/// Splits `digits_rest`.
fn numbered(stem: &str) -> Option<(u64, &str)> {
    let (number, name) = stem.split_once('_')?;
    let all_digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (all_digits && !name.is_empty()).then(|| number.parse().ok().map(|number| (number, name)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<File> {
        names.iter().map(|name| ((*name).to_owned(), format!("-- {name}"))).collect()
    }

    fn heads(names: &[&str]) -> Vec<(u64, String)> {
        let migrations = read(&files(names)).unwrap();
        migrations.into_iter().map(|migration| (migration.number, migration.name)).collect()
    }

    fn error(names: &[&str]) -> String {
        let error = read(&files(names)).unwrap_err();
        format!("{error}; {}", error.remedy())
    }

    #[test]
    fn our_form_is_read_in_order() {
        let read = heads(&["0002_b.sql", "0001_a.sql", "README.md"]);
        assert_eq!(read, [(1, "a".to_owned()), (2, "b".to_owned())]);
        assert!(heads(&[]).is_empty());
        assert_eq!(heads(&["0212_x.sql", "0213_y.sql"])[0].0, 212);
    }

    #[test]
    fn sqlx_and_flyway_forms_are_read() {
        let sqlx = heads(&["20240131120000_a.up.sql", "20240131120000_a.down.sql"]);
        assert_eq!(sqlx, [(20_240_131_120_000, "a".to_owned())]);
        // The down file has another number than its up file: sqlx leaves it aside.
        let typo = heads(&["20240131120000_a.up.sql", "20240131110000_a.down.sql"]);
        assert_eq!(typo, [(20_240_131_120_000, "a".to_owned())]);
        assert_eq!(heads(&["20240131120000_a.sql", "20240228120000_b.sql"]).len(), 2);
        assert_eq!(heads(&["V12__second.sql", "V2__first.sql"])[1], (12, "second".to_owned()));
    }

    #[test]
    fn what_does_not_fit_is_named_with_a_remedy() {
        let all = [
            error(&["0001_a.sql", "0003_c.sql"]),
            error(&["0001_a.sql", "0001_b.sql"]),
            error(&["1_a.sql", "V1__b.sql"]),
            error(&["init.sql"]),
            error(&["R__views.sql", "V1__a.sql"]),
            error(&["U1__undo.sql", "V1__a.sql"]),
            error(&["V1.2__a.sql"]),
            error(&["20240131120000_a.down.sql"]),
        ];
        insta::assert_snapshot!(all.join("\n"), @r"
        0003_c.sql: number 0002 is missing before it; add the file with number 0002, or renumber the files after it if none of them was applied anywhere
        0001_b.sql: number 0001 is also that of 0001_a.sql; give 0001_b.sql the next free number
        V1__b.sql: the name does not fit the other files' form; name all files alike: 0001_name.sql (ours), 20240131120000_name.sql (sqlx), or V1__name.sql (Flyway, refinery)
        init.sql: the name does not fit the other files' form; name all files alike: 0001_name.sql (ours), 20240131120000_name.sql (sqlx), or V1__name.sql (Flyway, refinery)
        R__views.sql: repeatable migrations have no place in the order of an upgrade; make it a numbered migration whenever it changes: V13__name.sql
        U1__undo.sql: undo and unversioned migrations are not read; remove it, or number it: V13__name.sql; the way back is the plan's own
        V1.2__a.sql: dotted versions have no single number; number the files V1__, V2__, … or by timestamp
        20240131120000_a.down.sql: a down migration, and the folder has no up migration; add the .up.sql files
        ");
    }
}
