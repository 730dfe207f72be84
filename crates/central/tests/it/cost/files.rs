//! Which files with SQL there are: a new one must be measured.

use changeover_central::release::RELEASES;
use std::path::{Path, PathBuf};

/// Every file with SQL below a folder of `src`, by its path there, with its text.
pub(super) fn sql_below(folder: &str) -> Vec<(String, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![source.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "sql") {
                let name = path.strip_prefix(&source).expect("it is below").display().to_string();
                found.push((name, std::fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_file_of_a_release_is_one_of_its_statements() {
    for release in RELEASES {
        let folder = format!("release/r{}/sql", release.name.replace('.', "_"));
        let files = sql_below(&folder);
        let statements = release.statements.all();
        assert_eq!(files.len(), statements.len(), "{folder}");
        for (path, text) in files {
            assert!(statements.iter().any(|statement| statement.sql == text), "{path}");
        }
    }
}
