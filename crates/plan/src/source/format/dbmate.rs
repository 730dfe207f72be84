//! dbmate's form: `20240131120000_name.sql`, with the way there and the way back in marked sections.
//!
//! dbmate runs a file in a transaction unless its mark says `-- migrate:up transaction:false`.

use super::Format;
use crate::source::{migration, numbered, sections::DBMATE, unknown};

pub(super) static FORMAT: Format = Format {
    name: "dbmate",
    tool: "dbmate",
    example: "20240131120000_name.sql",
    gapless: false,
    fits: |file| numbered(file, ".sql").is_some() && DBMATE.mark(&file.1),
    read: |_, file| {
        let (number, name) = numbered(file, ".sql").ok_or_else(|| unknown(file))?;
        Ok(Some(migration(number, name, file)))
    },
    next: |next| format!("{}_{}.sql", next.stamp, next.name),
    head: "-- migrate:up\n",
};

#[cfg(test)]
mod tests {
    use crate::{planner::tests::scripts, source::read};

    #[test]
    fn a_file_is_run_as_dbmate_runs_it() {
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let files = [
            file(
                "20240131120000_a.sql",
                "-- migrate:up transaction:false\nVACUUM;\n-- migrate:down\nSELECT 1;",
            ),
            file(
                "20240131120001_b.sql",
                "-- migrate:up\nSELECT 1;\nSELECT 2;\n-- migrate:down\nSELECT 3;",
            ),
        ];
        let scripts = scripts(&read(&files).unwrap());
        assert_eq!((scripts[0].transactional, scripts[1].transactional), (false, true));
        assert_eq!(scripts[0].statements, ["VACUUM"]);
        assert_eq!(scripts[1].statements, ["SELECT 1", "SELECT 2"]);
    }
}
