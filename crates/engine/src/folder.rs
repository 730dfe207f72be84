//! Reads a folder of migrations from the disk.

use crate::error::{Error, FolderError};
use changeover_plan::Migration;
use changeover_plan::source;
use std::path::Path;

/// The endings of files that are migrations; others (notes, lock files) are left alone.
const ENDING: &str = "sql";

/// Reads all `.sql` files of a folder, in any of the known forms.
///
/// Fails where the folder cannot be read or its files are not a history of migrations.
pub fn read(folder: &Path) -> Result<Vec<Migration>, Error> {
    read_as(folder, None)
}

/// The same, as one form instead of the one that the names suggest.
pub fn read_as(folder: &Path, format: Option<source::Format>) -> Result<Vec<Migration>, Error> {
    let wrap = |source: FolderError| Error::Folder { path: folder.display().to_string(), source };
    let files = files(folder).map_err(|error| wrap(error.into()))?;
    let read = match format {
        Some(format) => source::read_as(&files, format),
        None => source::read(&files),
    };
    read.map_err(|error| wrap(error.into()))
}

fn files(folder: &Path) -> Result<Vec<(String, String)>, std::io::Error> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && path.extension().is_some_and(|ending| ending == ENDING) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).map_err(|error| {
                std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?;
            files.push((name, text));
        }
    }
    files.sort();
    Ok(files)
}
