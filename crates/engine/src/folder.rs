//! Reads a folder of migrations from the disk.
//!
//! All files are handed to `plan`, which knows what each form of folder keeps where. What is hidden is
//! left alone: a mounted ConfigMap keeps copies in folders that begin with a dot.

use crate::error::{Error, FolderError};
use changeover_plan::Migration;
use changeover_plan::source;
use std::path::Path;

/// How deep folders are followed: a form has at most a folder for each migration, and SQL that lies
/// deeper is still found, so that it is named as what no form knows.
const DEPTH_MAX: usize = 4;
/// Up to this size the text of a file that is no SQL is read: it may say how a migration is run.
const OTHER_BYTES_MAX: u64 = 64 * 1024;

/// Reads a folder, in any of the known forms.
///
/// Fails where the folder cannot be read or its files are not a history of migrations.
pub fn read(folder: &Path) -> Result<Vec<Migration>, Error> {
    read_as(folder, None)
}

/// The same, as one form instead of the one that the files suggest.
pub fn read_as(folder: &Path, format: Option<&source::Format>) -> Result<Vec<Migration>, Error> {
    let files = files(folder)?;
    let read = match format {
        Some(format) => source::read_as(&files, format),
        None => source::read(&files),
    };
    read.map_err(|error| failed(folder, error.into()))
}

/// The files of a folder and of those in it, sorted by path.
///
/// Fails where one cannot be read.
pub fn files(folder: &Path) -> Result<Vec<source::File>, Error> {
    let mut files = Vec::new();
    collect(folder, "", DEPTH_MAX, &mut files).map_err(|error| failed(folder, error.into()))?;
    files.sort();
    Ok(files)
}

fn failed(folder: &Path, source: FolderError) -> Error {
    Error::Folder { path: folder.display().to_string(), source }
}

/// Adds the files of one folder, whose path begins with `prefix`.
fn collect(
    folder: &Path,
    prefix: &str,
    depth: usize,
    files: &mut Vec<source::File>,
) -> Result<(), std::io::Error> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let shown = format!("{prefix}{name}");
        if path.is_dir() {
            if depth > 1 {
                collect(&path, &format!("{shown}/"), depth - 1, files)?;
            }
        } else if path.is_file() {
            let text = text(&path).map_err(|error| {
                std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?;
            files.push((shown, text));
        }
    }
    Ok(())
}

/// A file's text. One that is no SQL may be no text at all.
fn text(path: &Path) -> Result<String, std::io::Error> {
    if path.extension().is_some_and(|ending| ending == "sql") {
        return std::fs::read_to_string(path);
    }
    if path.metadata()?.len() > OTHER_BYTES_MAX {
        return Ok(String::new());
    }
    Ok(String::from_utf8(std::fs::read(path)?).unwrap_or_default())
}
