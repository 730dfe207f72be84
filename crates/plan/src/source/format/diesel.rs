//! diesel's form: a folder for each migration, `2024-01-31-120000_name/up.sql` with `down.sql` beside it.
//!
//! The number is the folder's digits, as diesel counts. diesel runs a file in a transaction unless
//! `metadata.toml` beside it says `run_in_transaction = false`.

use super::Format;
use crate::{
    model::migration::Migration,
    source::{File, SourceError, migration, unknown},
};

pub(super) static FORMAT: Format = Format {
    name: "diesel",
    tool: "diesel",
    example: "2024-01-31-120000_name/up.sql",
    gapless: false,
    fits: |file| parts(file).is_some(),
    read,
    next: |next| {
        let digits = format!("{:014}", next.stamp);
        let (date, time) = digits.split_at(8);
        let (year, day) = date.split_at(4);
        let (month, day) = day.split_at(2);
        format!("{year}-{month}-{day}-{time}_{}/up.sql", next.name)
    },
    head: "",
};

fn read(files: &[File], file: &File) -> Result<Option<Migration>, SourceError> {
    let (number, name, folder) = parts(file).ok_or_else(|| unknown(file))?;
    if file.0.ends_with("/down.sql") {
        return Ok(None);
    }
    let mut read = migration(number, name, file);
    let says = |(path, _): &&File| path.strip_suffix("/metadata.toml") == Some(folder);
    read.without_transaction |= files.iter().find(says).is_some_and(|(_, text)| {
        text.lines()
            .any(|line| line.replace([' ', '\t'], "").starts_with("run_in_transaction=false"))
    });
    Ok(Some(read))
}

/// Number, name and folder.
fn parts(file: &File) -> Option<(u64, &str, &str)> {
    let folder = file.0.strip_suffix("/up.sql").or_else(|| file.0.strip_suffix("/down.sql"))?;
    let (version, name) = folder.split_once('_')?;
    let digits = version.replace('-', "");
    let counts =
        !name.is_empty() && !name.contains('/') && digits.bytes().all(|byte| byte.is_ascii_digit());
    counts.then(|| digits.parse().ok().map(|number| (number, name, folder)))?
}

#[cfg(test)]
mod tests {
    use crate::{planner::tests::scripts, source::read};

    fn file(path: &str, text: &str) -> (String, String) {
        (path.to_owned(), text.to_owned())
    }

    #[test]
    fn a_folder_is_a_migration_and_says_how_it_is_run() {
        let files = [
            file("00000000000000_diesel_initial_setup/up.sql", "SELECT 0;"),
            file("00000000000000_diesel_initial_setup/down.sql", "SELECT -1;"),
            file("2024-01-31-120000_a/down.sql", "DROP TABLE a;"),
            file("2024-01-31-120000_a/up.sql", "VACUUM;"),
            file("2024-01-31-120000_a/metadata.toml", "# so\nrun_in_transaction = false\n"),
            file("2024-02-01-120000-0001_b/up.sql", "SELECT 2;"),
            file("2024-02-01-120000-0001_b/metadata.toml", "run_in_transaction = true\n"),
        ];
        let migrations = read(&files).unwrap();
        let found: Vec<(u64, &str)> =
            migrations.iter().map(|found| (found.number, found.name.as_str())).collect();
        assert_eq!(
            found,
            [
                (0, "diesel_initial_setup"),
                (20_240_131_120_000, "a"),
                (202_402_011_200_000_001, "b")
            ]
        );
        let scripts = scripts(&migrations);
        let transactional: Vec<bool> = scripts.iter().map(|script| script.transactional).collect();
        assert_eq!(transactional, [true, false, true]);
        assert!(scripts.iter().all(|script| script.statements.len() == 1), "{scripts:?}");
    }

    #[test]
    fn a_file_beside_them_is_named() {
        let files = [
            file("2024-01-31-120000_a/up.sql", "SELECT 1;"),
            file("2024-01-31-120000_a/more.sql", "SELECT 2;"),
        ];
        let error = read(&files).unwrap_err().to_string();
        assert!(error.starts_with("2024-01-31-120000_a/more.sql: "), "{error}");
    }
}
