//! The registry of rules, as a list and as pages.

use super::{
    style,
    wrap::{self, Label},
};
use changeover::planning::rule::{ALL, Example, Rule, Topic, guide};
use serde_json::{Value, json};

/// How far a rule's name is indented.
const INDENT: usize = 2;

/// All rules by topic, one line each.
pub(crate) fn list(columns: usize) -> String {
    let width = ALL.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for topic in Topic::ALL {
        lines.push(style::paint(style::HEADING, topic.title()));
        for rule in ALL.iter().filter(|rule| rule.topic == topic) {
            let indent = INDENT + width + 2;
            let painted = format!("{:INDENT$}{:width$}  ", "", rule.id);
            let label = Label { painted, columns: indent, indent };
            let allowed = if rule.allowable { " (may be allowed)" } else { "" };
            lines.push(wrap::behind(&label, &format!("{}{allowed}", rule.summary), columns));
        }
        lines.push(String::new());
    }
    lines
        .push("`changeover rules RULE` shows why, what to write instead, and examples.".to_owned());
    lines.join("\n")
}

/// One rule's page.
pub(crate) fn page(rule: &Rule, columns: usize) -> String {
    let text = |text: &str| wrap::behind(&Label::plain(""), text, columns);
    let head = Label {
        painted: format!("{}: ", style::paint(style::HEADING, rule.id)),
        columns: rule.id.len() + 2,
        indent: 2,
    };
    let mut blocks = vec![
        wrap::behind(&head, &format!("refuses {}", rule.summary), columns),
        text(rule.why),
        text(rule.instead),
    ];
    if rule.allowable {
        blocks.push(text(&format!(
            "May be allowed, by a comment before the statement: `-- changeover: allow={} because \"…\"`",
            rule.id
        )));
    }
    if let Some(before) = rule.common_before().filter(|before| !before.is_empty()) {
        blocks.push(labelled("there before:", before));
    }
    let refused = format!("{}:", style::paint(style::ERROR, "refused"));
    let planned = format!("{}:", style::paint(style::DONE, "planned"));
    blocks.extend(rule.bad.iter().map(|example| shown(rule, example, &refused)));
    blocks.extend(rule.good.iter().map(|example| shown(rule, example, &planned)));
    blocks.join("\n\n")
}

/// An example, with what is there before where that is not the same for all.
fn shown(rule: &Rule, example: &Example, verdict: &str) -> String {
    let migration = labelled(verdict, example.migration);
    if rule.common_before().is_some() || example.before.is_empty() {
        return migration;
    }
    format!("{}\n{migration}", labelled("there before:", example.before))
}

/// SQL below a label, indented so that it can be told from the text.
fn labelled(label: &str, sql: &str) -> String {
    let lines = guide::lines_of(sql).into_iter().map(|line| format!("    {line}"));
    std::iter::once(label.to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

/// One rule as JSON.
pub(crate) fn json(rule: &Rule) -> Value {
    let examples = |examples: &[Example]| -> Vec<Value> {
        examples
            .iter()
            .map(|example| json!({ "before": example.before, "migration": example.migration }))
            .collect()
    };
    json!({
        "rule": rule.id,
        "topic": rule.topic.title(),
        "allowable": rule.allowable,
        "refuses": rule.summary,
        "why": rule.why,
        "instead": rule.instead,
        "refused": examples(rule.bad),
        "planned": examples(rule.good),
    })
}
