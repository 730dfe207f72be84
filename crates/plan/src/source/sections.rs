//! goose's and dbmate's form: one file holds the way there and the way back, in marked sections.
//!
//! Called for every file. Only the way there is a migration: the way back is the plan's own. Other
//! lines become empty ones, so that messages name the file's own lines. A file without marks is
//! taken whole.

use std::borrow::Cow;

/// What begins the way there, and what the way back: goose, dbmate.
const MARKS: [(&str, &str); 2] =
    [("-- +goose up", "-- +goose down"), ("-- migrate:up", "-- migrate:down")];

/// The part of a file's text that leads forward.
pub(super) fn forward(text: &str) -> Cow<'_, str> {
    let begins = |line: &str, mark: &str| line.trim_start().to_lowercase().starts_with(mark);
    let marked = MARKS.iter().find(|(up, _)| text.lines().any(|line| begins(line, up)));
    let Some((up, down)) = marked else { return Cow::Borrowed(text) };
    let mut leads_forward = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        leads_forward = (leads_forward || begins(line, up)) && !begins(line, down);
        kept.push_str(if leads_forward { line } else { "\n" });
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::forward;

    #[test]
    fn only_the_way_there_is_read() {
        let goose = "-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;\n";
        assert_eq!(forward(goose), "-- +goose Up\nCREATE TABLE a (id int);\n\n\n");
        let dbmate = "-- migrate:up transaction:false\nSELECT 1;\n\n-- migrate:down\nSELECT 2;";
        assert_eq!(forward(dbmate), "-- migrate:up transaction:false\nSELECT 1;\n\n\n\n");
        // The way back may stand first.
        let turned = "-- migrate:down\nDROP TABLE a;\n-- migrate:up\nSELECT 1;\n";
        assert_eq!(forward(turned), "\n\n-- migrate:up\nSELECT 1;\n");
        let plain = "-- +goose is not used here\nDROP TABLE a;\n";
        assert_eq!(forward(plain), plain);
    }

    #[test]
    fn a_folder_of_either_tool_drops_nothing() {
        let text = "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\nDROP TABLE a;\n";
        let file = ("20240131120000_a.sql".to_owned(), text.to_owned());
        let migration = super::super::read(&[file]).unwrap().remove(0);
        assert!(!migration.text.contains("DROP"), "{}", migration.text);
    }
}
