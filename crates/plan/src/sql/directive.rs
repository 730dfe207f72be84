//! Directives: comments of the form `-- changeover: key=value` before a statement.
//!
//! Several may stand in one comment, or in several comments before the same statement. A key that
//! is not known, or a directive where no statement follows, is refused: a mistyped override must
//! not silently leave the default in force.

use super::split::{Comment, Place};
use crate::model::phase::Phase;
use std::collections::BTreeMap;

/// What the author ordered for one statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// `phase=`: a later phase than the planner would choose.
    pub phase: Option<Phase>,
    /// `sync=`.
    pub sync: Option<Sync>,
    /// `unused-since=N`: no release whose head is N or higher uses the thing.
    pub unused_since: Option<u64>,
    /// `before-serving`: the new release waits for this online step.
    pub before_serving: bool,
    /// `old-complies because "…"`: older releases write nothing that the constraint rejects.
    pub old_complies: Option<String>,
    /// `user-triggers=fire because "…"`: the users' own triggers may fire for every row.
    pub user_triggers_fire: Option<String>,
    /// `allow=RULE because "…"`, by rule.
    pub allow: BTreeMap<String, String>,
}

/// How a column that an `UPDATE` fills is kept right meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// A trigger computes it for writers of every release.
    Derived,
    /// Only the rows that are there are filled, once.
    Once,
}

/// A directive that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct DirectiveError {
    /// The comment's line, from 1.
    pub line: u32,
    /// What is wrong.
    pub reason: String,
    /// What to write instead.
    pub remedy: String,
}

/// The keys, for the message about an unknown one.
const KEYS: &str = "phase, sync, unused-since, before-serving, old-complies, user-triggers, allow";

impl Directives {
    /// Reads the directives out of a statement's comments.
    ///
    /// # Errors
    /// The first directive that is unknown, malformed or misplaced.
    pub fn read(comments: &[Comment]) -> Result<Self, DirectiveError> {
        let mut directives = Self::default();
        for comment in comments {
            let Some(orders) = orders(comment)? else {
                continue;
            };
            let fail = |(reason, remedy): (String, String)| DirectiveError {
                line: comment.line,
                reason,
                remedy,
            };
            for word in words(orders).map_err(fail)? {
                directives.apply(word).map_err(fail)?;
            }
        }
        Ok(directives)
    }

    /// The reason given for allowing a rule.
    pub fn allows(&self, rule: &str) -> Option<&str> {
        self.allow.get(rule).map(String::as_str)
    }

    fn apply(&mut self, order: Order) -> Result<(), Fault> {
        let Order { key, value, because } = order;
        let reason = |because: Option<String>| {
            because.filter(|text| !text.trim().is_empty()).ok_or_else(|| {
                fault(
                    format!("`{key}` needs a reason"),
                    format!("write `-- changeover: {key}… because \"the reason\"`"),
                )
            })
        };
        match (key.as_str(), value.as_deref()) {
            ("phase", Some(value)) => self.phase = Some(phase(value)?),
            ("sync", Some("derived")) => self.sync = Some(Sync::Derived),
            ("sync", Some("once")) => self.sync = Some(Sync::Once),
            ("sync", Some("by-head")) => {
                return Err(fault(
                    "`sync=by-head` comes with a later release of Changeover",
                    "use `sync=derived`, or let the new release write its own value into another \
                     column",
                ));
            }
            ("unused-since", Some(value)) => {
                self.unused_since = Some(value.parse().map_err(|_| {
                    fault(
                        format!("`{value}` is not a migration's number"),
                        "write `unused-since=N` with the head of the first release that does \
                         without it",
                    )
                })?);
            }
            ("before-serving", None | Some("true")) => self.before_serving = true,
            ("old-complies", None) => self.old_complies = Some(reason(because)?),
            ("user-triggers", Some("fire")) => self.user_triggers_fire = Some(reason(because)?),
            ("allow", Some(rule)) => {
                self.allow.insert(rule.to_owned(), reason(because)?);
            }
            _ => {
                let order = value.map_or(key.clone(), |value| format!("{key}={value}"));
                return Err(fault(
                    format!("the directive `{order}` is not known"),
                    format!("known keys are {KEYS}"),
                ));
            }
        }
        Ok(())
    }
}

/// A reason and a remedy.
type Fault = (String, String);

fn fault(reason: impl Into<String>, remedy: impl Into<String>) -> Fault {
    (reason.into(), remedy.into())
}

fn phase(value: &str) -> Result<Phase, Fault> {
    match value {
        "expand" => Ok(Phase::Expand),
        "online" => Ok(Phase::Online),
        "contract" => Ok(Phase::Contract),
        _ => Err(fault(
            format!("`{value}` is not a phase"),
            "the phases are expand, online and contract",
        )),
    }
}

/// The text after `changeover:`, where the comment is a directive.
fn orders(comment: &Comment) -> Result<Option<&str>, DirectiveError> {
    let fail = |reason: &str, remedy: &str| DirectiveError {
        line: comment.line,
        reason: reason.to_owned(),
        remedy: remedy.to_owned(),
    };
    let body = comment.text.trim_start_matches(['-', '/', '*']).trim_start();
    let Some(orders) = body.strip_prefix("changeover:") else {
        return Ok(None);
    };
    if !comment.text.starts_with("--") {
        return Err(fail(
            "a directive stands in a block comment",
            "write it as `-- changeover: key=value`",
        ));
    }
    match comment.place {
        Place::Before => Ok(Some(orders.trim())),
        Place::AfterPrevious => Err(fail(
            "it is unclear which statement this directive is for",
            "put it on a line of its own, before its statement",
        )),
        Place::Inside => Err(fail(
            "a directive stands in the middle of a statement",
            "put it on a line of its own, before the statement",
        )),
        Place::Trailing => Err(fail(
            "no statement follows this directive",
            "put it on a line of its own, before its statement",
        )),
    }
}

/// One order: `key`, `key=value`, each with or without `because "…"`.
struct Order {
    key: String,
    value: Option<String>,
    because: Option<String>,
}

/// Splits the text after `changeover:` into orders.
fn words(text: &str) -> Result<Vec<Order>, Fault> {
    let mut orders: Vec<Order> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find([' ', '\t', ',']).unwrap_or(rest.len());
        let word = &rest[..end];
        rest = rest[end..].trim_start_matches([' ', '\t', ',']);
        if word == "because" {
            let (quoted, after) = rest
                .strip_prefix('"')
                .and_then(|inner| inner.split_once('"'))
                .ok_or_else(|| fault("`because` lacks its text", "write `because \"…\"`"))?;
            let order = orders.last_mut().ok_or_else(|| {
                fault("`because` stands alone", "write it after the directive that it explains")
            })?;
            order.because = Some(quoted.to_owned());
            rest = after.trim_start_matches([' ', '\t', ',']);
            continue;
        }
        let (key, value) = match word.split_once('=') {
            Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
            None => (word.to_owned(), None),
        };
        orders.push(Order { key, value, because: None });
    }
    if orders.is_empty() {
        return Err(fault("an empty directive", format!("known keys are {KEYS}")));
    }
    Ok(orders)
}

#[cfg(test)]
mod tests {
    use super::super::split::split;
    use super::*;

    fn read(text: &str) -> Result<Directives, DirectiveError> {
        Directives::read(&split(text).unwrap().remove(0).comments)
    }

    #[test]
    fn several_orders_are_read() {
        let directives = read(
            "-- about it\n-- changeover: phase=contract, before-serving\n\
             --changeover: old-complies because \"it always wrote it\" allow=x because \"y\"\n\
             select 1",
        )
        .unwrap();
        assert_eq!(directives.phase, Some(Phase::Contract));
        assert!(directives.before_serving);
        assert_eq!(directives.old_complies.as_deref(), Some("it always wrote it"));
        assert_eq!(directives.allows("x"), Some("y"));
    }

    #[test]
    fn what_is_mistyped_or_misplaced_is_refused() {
        let broken = [
            "-- changeover: fase=online\nselect 1",
            "-- changeover: phase=later\nselect 1",
            "-- changeover: old-complies\nselect 1",
            "-- changeover: allow=x\nselect 1",
            "-- changeover: unused-since=4.9\nselect 1",
            "-- changeover: sync=by-head\nselect 1",
            "-- changeover:\nselect 1",
            "-- changeover: old-complies because nothing\nselect 1",
            "/* changeover: phase=online */ select 1",
            "select\n-- changeover: phase=online\n1",
            "-- changeover: phase=online",
        ];
        for text in broken {
            assert!(read(text).is_err(), "{text}");
        }
        let raw = split("select 1; -- changeover: phase=online\nselect 2").unwrap();
        assert!(Directives::read(&raw[1].comments).is_err());
    }
}
