//! Migrations out of names and texts, as a chore writes them down.

use changeover_plan::Migration;

/// Reads files that are in no folder: name and text of each.
pub(crate) fn migrations(files: &[(&str, &str)]) -> anyhow::Result<Vec<Migration>> {
    let files: Vec<(String, String)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Ok(changeover_plan::source::read(&files)?)
}
