//! The registry as Markdown: `docs/rules.md`, which `cargo xtask rules` writes.
//!
//! A test compares the file with [`markdown`], so it is never behind.

use super::{ALL, Example, Rule, Topic};

/// What stands above the rules.
const HEAD: &str = "\
    # Rules

By these rules `changeover plan` refuses a statement. A refusal names its rule in brackets, as in
`refused[rename]`. `changeover rules` lists them, and `changeover rules rename` shows one in the terminal.

Made by `cargo xtask rules` from `crates/plan/src/rule`, one file for each rule; not to be edited here. Each
example is a test: what stands under *refused* is refused by that rule, what stands under *planned* by none.

An author who knows better may allow some of them, by a comment before the statement that gives the reason:
`-- changeover: allow=RULE because \"…\"`. All others hold without exception.
";

/// How long a line of prose may be, as in the other documents.
const PROSE_CHARS_MAX: usize = 108;
/// Lines of an example that are longer are cut.
const LINE_CHARS_MAX: usize = 200;

/// The whole guide.
pub fn markdown() -> String {
    let mut lines = vec![HEAD.to_owned()];
    for topic in Topic::ALL {
        let rules: Vec<&Rule> = ALL.iter().copied().filter(|rule| rule.topic == topic).collect();
        lines.push(format!("## {}\n\n| rule | refuses |\n|---|---|", topic.title()));
        lines.extend(rules.iter().map(|rule| row(rule)));
        lines.push(String::new());
        lines.extend(rules.iter().map(|rule| page(rule)));
    }
    lines.join("\n")
}

/// One rule's row in its topic's table.
fn row(rule: &Rule) -> String {
    let allowed = if rule.allowable { "; may be allowed" } else { "" };
    format!("| [`{}`](#{}) | {}{allowed} |", rule.id, rule.id, rule.summary)
}

/// One rule's part.
fn page(rule: &Rule) -> String {
    let before = match rule.common_before() {
        None | Some("") => String::new(),
        Some(before) => format!("There before:\n\n{}\n", block(&lines_of(before))),
    };
    format!(
        "### {}\n\n{}\n\n{}\n\n{before}Refused:\n\n{}\nPlanned:\n\n{}",
        rule.id,
        filled(rule.why),
        filled(rule.instead),
        examples(rule, rule.bad),
        examples(rule, rule.good)
    )
}

fn examples(rule: &Rule, examples: &[Example]) -> String {
    let is_common = rule.common_before().is_some();
    let shown = examples.iter().map(|example| {
        let mut lines = Vec::new();
        if !is_common && !example.before.is_empty() {
            lines.push("-- there before".to_owned());
            lines.extend(lines_of(example.before));
            lines.push("-- the migration".to_owned());
        }
        lines.extend(lines_of(example.migration));
        block(&lines)
    });
    shown.collect::<Vec<_>>().join("\n")
}

fn block(lines: &[String]) -> String {
    format!("```sql\n{}\n```\n", lines.join("\n"))
}

/// The text in lines of the documents' width.
fn filled(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= PROSE_CHARS_MAX => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// The lines of SQL, each cut where it is too long to be read.
pub fn lines_of(sql: &str) -> Vec<String> {
    let cut = |line: &str| match line.char_indices().nth(LINE_CHARS_MAX) {
        Some((end, _)) => format!("{} …", line[..end].trim_end()),
        None => line.to_owned(),
    };
    sql.lines().map(cut).collect()
}
