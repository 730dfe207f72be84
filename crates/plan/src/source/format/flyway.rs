//! Flyway's and refinery's form: `V12__name.sql`.
//!
//! Repeatable (`R__`), undo and unversioned (`U…`) files and dotted versions are refused by name:
//! none of them has one place in the order of migrations. A file beside it with `.conf` at its end and
//! `executeInTransaction=false` in it has it run without a transaction, as Flyway does.

use super::Format;
use crate::{
    model::migration::Migration,
    source::{File, SourceError, migration, unknown},
};

pub(super) static FORMAT: Format = Format {
    name: "flyway",
    tool: "Flyway, refinery",
    example: "V1__name.sql",
    gapless: false,
    fits,
    read: |files, file| read(files, file).map(Some),
    next: |next| format!("V{:0digits$}__{}.sql", next.number, next.name, digits = next.digits),
    head: "",
};

/// Whether a name has this form, refused ones included.
fn fits(file: &File) -> bool {
    file.0
        .strip_suffix(".sql")
        .is_some_and(|stem| stem.starts_with(['V', 'U', 'R', 'B']) && stem.contains("__"))
}

fn read(files: &[File], file: &File) -> Result<Migration, SourceError> {
    let refused = |what, remedy| SourceError::Unsupported { file: file.0.clone(), what, remedy };
    let stem = file.0.strip_suffix(".sql").unwrap_or(&file.0);
    let Some(versioned) = stem.strip_prefix('V') else {
        return Err(match stem.as_bytes().first() {
            Some(b'R') => refused(
                "repeatable migrations have no place in the order of an upgrade",
                "make it a numbered migration whenever it changes: V13__name.sql",
            ),
            Some(b'B') => refused(
                "baseline migrations are not read",
                "remove it; `changeover adopt` takes over a database that exists",
            ),
            _ => refused(
                "undo and unversioned migrations are not read",
                "remove it, or number it: V13__name.sql; the way back is the plan's own",
            ),
        });
    };
    let (version, name) = versioned.split_once("__").ok_or_else(|| unknown(file))?;
    let number = version.parse().map_err(|_| {
        refused(
            "dotted versions have no single number",
            "number the files V1__, V2__, … or by timestamp",
        )
    })?;
    let mut read = migration(number, name, file);
    let settings = files.iter().find(|(path, _)| path.strip_suffix(".conf") == Some(&file.0));
    read.without_transaction |= settings.is_some_and(|(_, text)| {
        text.lines()
            .any(|line| line.replace(' ', "").eq_ignore_ascii_case("executeInTransaction=false"))
    });
    Ok(read)
}

#[cfg(test)]
mod tests {
    use crate::source::read;

    #[test]
    fn a_file_of_settings_says_whether_there_is_a_transaction() {
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let files = [
            file("V1__a.sql", "VACUUM"),
            file("V1__a.sql.conf", "executeInTransaction = false\n"),
            file("V2__b.sql", "SELECT 1"),
            file("V2__b.sql.conf", "shouldExecute=true\n"),
        ];
        let read = read(&files).unwrap();
        let without: Vec<bool> = read.iter().map(|found| found.without_transaction).collect();
        assert_eq!(without, [true, false]);
    }
}
