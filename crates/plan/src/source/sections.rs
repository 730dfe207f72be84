//! goose's and dbmate's way of writing: one file holds the way there and the way back, in marked
//! sections.
//!
//! Called for every file, whatever its form, so that a way back is never run. Only the way there is a
//! migration: the way back is the plan's own. Other lines become empty ones, so that messages name the
//! file's own lines. A file without marks is taken whole. goose's `StatementBegin` and `StatementEnd`
//! are comments: files are split by what SQL says.

use std::borrow::Cow;

/// How one tool marks what a file's lines are. All are looked for in lower case.
pub(super) struct Marks {
    /// What begins the way there.
    up: &'static str,
    /// What begins the way back.
    down: &'static str,
    /// How a line begins, and what else it holds, that has the file run without a transaction.
    without_transaction: (&'static str, &'static str),
}

/// goose's.
pub(super) const GOOSE: Marks = Marks {
    up: "-- +goose up",
    down: "-- +goose down",
    without_transaction: ("-- +goose no transaction", ""),
};
/// dbmate's.
pub(super) const DBMATE: Marks = Marks {
    up: "-- migrate:up",
    down: "-- migrate:down",
    without_transaction: ("-- migrate:up", "transaction:false"),
};

impl Marks {
    /// Whether a file's text has these marks.
    pub(super) fn mark(&self, text: &str) -> bool {
        text.lines().any(|line| begins(line, self.up))
    }
}

/// The part of a file's text that leads forward.
pub(super) fn forward(text: &str) -> Cow<'_, str> {
    let Some(Marks { up, down, .. }) = marks(text) else { return Cow::Borrowed(text) };
    let mut leads_forward = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        leads_forward = (leads_forward || begins(line, up)) && !begins(line, down);
        kept.push_str(if leads_forward { line } else { "\n" });
    }
    Cow::Owned(kept)
}

/// Whether the file's tool runs it without a transaction.
pub(super) fn without_transaction(text: &str) -> bool {
    marks(text).is_some_and(|Marks { without_transaction: (beginning, rest), .. }| {
        text.lines().any(|line| begins(line, beginning) && line.to_lowercase().contains(rest))
    })
}

fn marks(text: &str) -> Option<Marks> {
    [GOOSE, DBMATE].into_iter().find(|marks| marks.mark(text))
}

fn begins(line: &str, mark: &str) -> bool {
    line.trim_start().to_lowercase().starts_with(mark)
}

#[cfg(test)]
mod tests {
    use super::{forward, without_transaction};

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
    fn each_tools_word_for_no_transaction_is_heard() {
        for (text, without) in [
            ("-- +goose NO TRANSACTION\n-- +goose Up\nVACUUM;", true),
            ("-- +goose Up\nSELECT 1;", false),
            ("-- migrate:up transaction:false\nVACUUM;", true),
            ("-- migrate:up\nSELECT 'transaction:false';", false),
            ("-- +goose NO TRANSACTION\nSELECT 1;", false),
        ] {
            assert_eq!(without_transaction(text), without, "{text}");
        }
    }

    #[test]
    fn a_folder_of_either_tool_drops_nothing() {
        let text = "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\nDROP TABLE a;\n";
        for format in crate::source::format::ALL.iter().filter(|format| format.gapless) {
            let file = ("0001_a.sql".to_owned(), text.to_owned());
            let migration = crate::source::read_as(&[file], format).unwrap().remove(0);
            assert!(!migration.text.contains("DROP"), "{}: {}", format.name, migration.text);
        }
    }
}
