//! Releases that were refused, on the status screen.

use super::{
    figures, style,
    wrap::{self, Label},
};
use changeover::status::{RefusedRelease, RefusedStatement};

/// A few lines for each: who, when, and each statement with what to write instead.
pub(crate) fn lines(refused: &[RefusedRelease], columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for release in refused {
        let label =
            Label { painted: style::paint(style::ERROR, "Refused: "), columns: 9, indent: 2 };
        let statements = figures::counted(
            usize::try_from(release.total).unwrap_or(0),
            "statement",
            "statements",
        );
        let times = usize::try_from(release.times).unwrap_or(0);
        let text = format!(
            "release {} (head {}) on {}, pid {}, at {} ({}): {statements} cannot be made online; the \
             database was not changed",
            release.release,
            release.head,
            release.host,
            release.pid,
            release.at,
            figures::counted(times, "try", "tries"),
        );
        lines.push(String::new());
        lines.push(wrap::behind(&label, &text, columns));
        lines.extend(release.refusals.iter().map(|statement| one(statement, columns)));
    }
    lines
}

fn one(statement: &RefusedStatement, columns: usize) -> String {
    let RefusedStatement { file, line, rule, reason, remedy, .. } = statement;
    let label = Label { painted: "  ".to_owned(), columns: 2, indent: 4 };
    wrap::behind(&label, &format!("{file}:{line} ({rule}): {reason}; instead: {remedy}"), columns)
}
