//! golang-migrate's form: `000001_name.up.sql` with `000001_name.down.sql` beside it.
//!
//! golang-migrate sends a file as one message, which the server runs in a transaction; a statement that
//! no transaction holds stands alone in its file. Both is what a plan makes of it anyway. Folders that it
//! numbers by the time look like sqlx's and are read by that form, to the same end.

use super::Format;
use crate::source::{File, migration, numbered, unknown};

/// How many digits are counted by hand; timestamps have ten or fourteen.
const DIGITS_MAX: usize = 9;

pub(super) static FORMAT: Format = Format {
    name: "golang-migrate",
    tool: "golang-migrate",
    example: "000001_name.up.sql",
    gapless: false,
    fits: |file| {
        let digits = file.0.bytes().take_while(u8::is_ascii_digit).count();
        digits <= DIGITS_MAX && stem(file).is_some()
    },
    read: |_, file| {
        let (number, name) = stem(file).ok_or_else(|| unknown(file))?;
        Ok(file.0.ends_with(".up.sql").then(|| migration(number, name, file)))
    },
    next: |next| format!("{:0digits$}_{}.up.sql", next.number, next.name, digits = next.digits),
    head: "",
};

fn stem(file: &File) -> Option<(u64, &str)> {
    numbered(file, ".up.sql").or_else(|| numbered(file, ".down.sql"))
}

#[cfg(test)]
mod tests {
    use crate::{planner::tests::scripts, source::read};

    #[test]
    fn a_file_is_run_as_golang_migrate_runs_it() {
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let files = [
            file("000001_a.down.sql", "DROP TABLE a;"),
            file("000001_a.up.sql", "SELECT 1;\nSELECT 2;"),
            file("000003_b.up.sql", "CREATE INDEX CONCURRENTLY b ON a (id);"),
        ];
        let migrations = read(&files).unwrap();
        assert_eq!(migrations.iter().map(|found| found.number).collect::<Vec<_>>(), [1, 3]);
        let scripts = scripts(&migrations);
        assert_eq!((scripts[0].transactional, scripts[1].transactional), (true, false));
        assert_eq!(scripts[0].statements, ["SELECT 1", "SELECT 2"]);
    }
}
