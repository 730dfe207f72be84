//! Prisma's form: a folder for each migration, `20240131120000_name/migration.sql`.
//!
//! Prisma sends a file as one message, which the server runs in a transaction; a statement that no
//! transaction holds stands alone in its file. Both is what a plan makes of it anyway. `0_init` is a
//! baseline like any other migration: `changeover adopt` takes over a database that has it.

use super::Format;
use crate::source::{migration, numbered, unknown};

pub(super) static FORMAT: Format = Format {
    name: "prisma",
    tool: "Prisma",
    example: "20240131120000_name/migration.sql",
    gapless: false,
    fits: |file| numbered(file, "/migration.sql").is_some(),
    read: |_, file| {
        let (number, name) = numbered(file, "/migration.sql").ok_or_else(|| unknown(file))?;
        Ok(Some(migration(number, name, file)))
    },
    next: |next| format!("{}_{}/migration.sql", next.stamp, next.name),
    head: "",
};

#[cfg(test)]
mod tests {
    use crate::{planner::tests::scripts, source::read};

    #[test]
    fn a_folder_is_a_migration() {
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let files = [
            file("0_init/migration.sql", "CREATE TABLE a (id int);\nCREATE TABLE b (id int);"),
            file("20240131120000_more/migration.sql", "CREATE TABLE c (id int);"),
            file("migration_lock.toml", "provider = \"postgresql\""),
        ];
        let migrations = read(&files).unwrap();
        let found: Vec<(u64, &str)> =
            migrations.iter().map(|found| (found.number, found.name.as_str())).collect();
        assert_eq!(found, [(0, "init"), (20_240_131_120_000, "more")]);
        let scripts = scripts(&migrations);
        assert!(scripts.iter().all(|script| script.transactional));
        assert_eq!(scripts[0].statements.len(), 2);
        let stray = [files[1].clone(), file("seed.sql", "SELECT 1;")];
        assert!(read(&stray).unwrap_err().to_string().starts_with("seed.sql: "));
    }
}
