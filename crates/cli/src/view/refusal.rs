//! Refused statements, as a compiler would show them: where, what, why, what to write instead.

use super::{
    figures, style,
    wrap::{self, Label},
};
use crate::folder::Folder;
use changeover::planning::Refusal;

/// What to do about refusals as a whole.
pub(crate) const REMEDY: &str = "rewrite each of them as its message says, then run `changeover \
    plan` again; `changeover rules RULE` explains a rule; the database was not changed";
/// How many lines of a statement are shown.
const SOURCE_LINES_MAX: usize = 6;

/// The one-line message about them.
pub(crate) fn headline(count: usize) -> String {
    let statements = figures::counted(count, "statement is", "statements are");
    format!("{statements} refused")
}

/// All of them, with an empty line behind each.
pub(crate) fn all(refusals: &[Refusal], folder: &Folder, columns: usize) -> String {
    let texts: Vec<String> = refusals.iter().map(|refusal| one(refusal, folder, columns)).collect();
    texts.join("\n")
}

fn one(refusal: &Refusal, folder: &Folder, columns: usize) -> String {
    let rule = format!("refused[{}]: ", refusal.rule);
    let label = Label {
        painted: style::paint(style::ERROR, &rule),
        columns: rule.chars().count(),
        indent: 2,
    };
    let source = source(refusal, folder);
    let width = source.last().map_or(1, |(line, _)| line.to_string().len());
    let gutter = " ".repeat(width);
    let edge = style::paint(style::REMEDY, "|");
    let path = folder.path.join(&refusal.file);
    let mut lines = vec![
        wrap::behind(&label, &refusal.reason, columns),
        format!(
            "{gutter} {} {}:{}",
            style::paint(style::REMEDY, "-->"),
            path.display(),
            refusal.line
        ),
        format!("{gutter}  {edge}"),
    ];
    for (number, line) in &source {
        let number = style::paint(style::REMEDY, format!("{number:>width$}"));
        // The gutter, the edge, and a space on each side.
        let room = columns.saturating_sub(width + 4);
        lines.push(format!(" {number} {edge} {}", wrap::cut(line.trim_end(), room)));
    }
    lines.push(format!("{gutter}  {edge}"));
    let label = Label {
        painted: format!("{gutter}  {} ", style::paint(style::REMEDY, "= instead:")),
        columns: width + 13,
        indent: width + 4,
    };
    lines.push(wrap::behind(&label, &refusal.remedy, columns));
    lines.push(String::new());
    lines.join("\n")
}

/// The statement's lines as they are in the file; its shortened text where the file is not known.
fn source<'a>(refusal: &'a Refusal, folder: &'a Folder) -> Vec<(usize, &'a str)> {
    let first = usize::try_from(refusal.line).unwrap_or(1).max(1);
    let file = folder.migrations.iter().find(|migration| migration.number == refusal.migration);
    let mut lines = Vec::new();
    let text = file.map_or("", |migration| migration.text.as_str());
    for (index, line) in text.lines().enumerate().skip(first - 1).take(SOURCE_LINES_MAX) {
        lines.push((index + 1, line));
        if line.trim_end().ends_with(';') {
            break;
        }
    }
    if lines.is_empty() {
        lines.push((first, refusal.statement.as_str()));
    }
    lines
}
