//! goose's form: `00001_name.sql` or `20240131120000_name.sql`, with the way there and the way back in
//! marked sections.
//!
//! goose runs a file in a transaction unless it says `-- +goose NO TRANSACTION`. A file into whose text
//! goose would put variables is refused: what it says is not known here.

use super::Format;
use crate::source::{SourceError, migration, numbered, sections::GOOSE, unknown};

pub(super) static FORMAT: Format = Format {
    name: "goose",
    tool: "goose",
    example: "00001_name.sql",
    gapless: false,
    fits: |file| numbered(file, ".sql").is_some() && GOOSE.mark(&file.1),
    read: |_, file| {
        let (number, name) = numbered(file, ".sql").ok_or_else(|| unknown(file))?;
        if file.1.to_lowercase().contains("-- +goose envsub on") {
            return Err(SourceError::Unsupported {
                file: file.0.clone(),
                what: "goose would put variables of the environment into it",
                remedy: "write the values into the file, and remove -- +goose ENVSUB ON",
            });
        }
        Ok(Some(migration(number, name, file)))
    },
    next: |next| match next.digits {
        14 => format!("{}_{}.sql", next.stamp, next.name),
        digits => format!("{:0digits$}_{}.sql", next.number, next.name),
    },
    head: "-- +goose Up\n",
};

#[cfg(test)]
mod tests {
    use crate::{planner::tests::scripts, source::read};

    const FILE: &str = "-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\n\
        CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;\n\
        -- +goose StatementEnd\nSELECT 1;\n-- +goose Down\nDROP FUNCTION f();\n";

    #[test]
    fn a_file_is_run_as_goose_runs_it() {
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let files = [file("00001_a.sql", FILE), file("00007_b.sql", "-- +goose Up\nSELECT 2;")];
        let migrations = read(&files).unwrap();
        assert_eq!(migrations[1].number, 7);
        let scripts = scripts(&migrations);
        assert!(!scripts[0].transactional && scripts[1].transactional);
        assert_eq!(scripts[0].statements.len(), 2, "{:?}", scripts[0].statements);
        assert!(scripts[0].statements[0].ends_with("RETURN 1; END $$"));
    }

    #[test]
    fn variables_in_a_file_are_refused() {
        let text = "-- +goose ENVSUB ON\n-- +goose Up\nSELECT '${NAME}';";
        let error = read(&[("00001_a.sql".to_owned(), text.to_owned())]).unwrap_err();
        assert!(error.to_string().contains("variables"), "{error}");
    }
}
