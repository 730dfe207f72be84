//! The lines of `test_decoding`, transaction by transaction in the order of their commits.
//!
//! A line is `BEGIN xid`, `COMMIT xid`, `message: … prefix: P, sz: N content:TEXT`, or
//! `table SCHEMA.NAME: ACTION: name[type]:value …` with texts quoted as SQL literals.

use crate::error::VerifyError;
use std::collections::{BTreeMap, BTreeSet};

/// The front of the engine's message.
const LABEL: &str = "epoch=";
/// The prefix of the engine's message.
const PREFIX: &str = " prefix: changeover,";
/// The table that event triggers write; see `sql/install.sql`.
const DDL_TABLE: &str = "commit_order.ddl";
/// The table whose epoch a grant changes.
const TERM_TABLE: &str = "changeover.term";
/// The part of a session's name before its epoch.
const WORK: &str = "/work/";

/// What was committed since an epoch was current.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The epoch when recording began.
    pub epoch: i64,
    /// What was committed since, in this order.
    pub transactions: Vec<Transaction>,
}

/// One transaction that was committed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Its id, for messages.
    pub xid: String,
    /// The epochs that it says it works under, by message: a guarded transaction.
    pub labels: BTreeSet<i64>,
    /// The epochs in the names of the sessions whose catalog changes it holds.
    pub sessions: BTreeSet<i64>,
    /// The epochs that the term's row got, in this order: a grant where the number changes.
    pub term: Vec<i64>,
    /// Catalog changes, each with the session's name.
    pub ddl: Vec<String>,
    /// The tables written, with the actions, but for those of this check itself.
    pub tables: BTreeMap<String, BTreeSet<String>>,
    /// Steps that it marked as done.
    pub done: Vec<String>,
    /// The floors that the application's row got.
    pub floors: Vec<i64>,
    /// The heads of instances that registered.
    pub registered: Vec<i64>,
    /// Rows of `changeover.progress` with a cursor were written: those of a backfill.
    pub moves_cursor: bool,
}

/// Reads the lines. Rows of the term count where they are of `app`.
///
/// # Errors
/// A line is of no known form.
pub fn transactions(lines: &[String], app: &str) -> Result<Vec<Transaction>, VerifyError> {
    let mut all = Vec::new();
    let mut open = Transaction::default();
    for line in lines {
        let not_understood = || VerifyError::Decoding { line: line.clone() };
        if let Some(xid) = line.strip_prefix("BEGIN ") {
            open = Transaction { xid: xid.to_owned(), ..Transaction::default() };
        } else if line.starts_with("COMMIT ") {
            all.push(std::mem::take(&mut open));
        } else if let Some(message) = line.strip_prefix("message: ") {
            if let Some(label) = label(message) {
                open.labels.insert(label.ok_or_else(not_understood)?);
            }
        } else if let Some(change) = line.strip_prefix("table ") {
            let (table, rest) = change.split_once(": ").ok_or_else(not_understood)?;
            let (action, tuple) = rest.split_once(": ").ok_or_else(not_understood)?;
            change_of(&mut open, app, table, action, &fields(tuple)).ok_or_else(not_understood)?;
        } else {
            return Err(not_understood());
        }
    }
    Ok(all)
}

/// The epoch in a message of the engine; the inner `None`: there is none that is a number.
fn label(message: &str) -> Option<Option<i64>> {
    let (head, content) = message.split_once(" content:")?;
    head.contains(PREFIX)
        .then(|| content.strip_prefix(LABEL))
        .flatten()
        .map(|number| number.parse().ok())
}

/// `None`: not understood.
fn change_of(
    transaction: &mut Transaction,
    app: &str,
    table: &str,
    action: &str,
    fields: &BTreeMap<String, Option<String>>,
) -> Option<()> {
    let field = |name: &str| fields.get(name).and_then(Option::as_deref);
    if table == DDL_TABLE {
        let application = field("application").unwrap_or_default();
        if let Some((_, epoch)) = application.rsplit_once(WORK) {
            transaction.sessions.insert(epoch.parse().ok()?);
        }
        transaction.ddl.push(format!("{} by {application}", field("tag").unwrap_or_default()));
        return Some(());
    }
    if table == TERM_TABLE && action != "DELETE" && field("app") == Some(app) {
        transaction.term.push(field("epoch")?.parse().ok()?);
    }
    if table == "changeover.step" && action == "UPDATE" && field("state") == Some("done") {
        transaction.done.push(field("id")?.to_owned());
    }
    if table == "changeover.app" && action == "UPDATE" && field("app") == Some(app) {
        transaction.floors.push(field("floor")?.parse().ok()?);
    }
    if table == "changeover.instance" && action == "INSERT" && field("app") == Some(app) {
        transaction.registered.push(field("head")?.parse().ok()?);
    }
    if table == "changeover.progress" && field("cursor").is_some() {
        transaction.moves_cursor = true;
    }
    transaction.tables.entry(table.to_owned()).or_default().insert(action.to_owned());
    Some(())
}

/// The columns of a tuple as printed; of an UPDATE that shows both, those of the new one win.
pub(super) fn fields(tuple: &str) -> BTreeMap<String, Option<String>> {
    let mut fields = BTreeMap::new();
    let mut rest = tuple;
    // Ends with the text: each round takes something or stops.
    while let Some((name, after)) = rest.split_once('[') {
        let Some((_type, value)) = after.split_once("]:") else { break };
        let (value, left) = value_of(value);
        // `old-key:` and `new-tuple:` stand before a column's name.
        let name = name.rsplit(' ').next().unwrap_or(name).trim_matches('"');
        fields.insert(name.to_owned(), value);
        rest = left;
    }
    fields
}

/// One value, and what follows it. `null` and `unchanged-toast-datum` are no value.
fn value_of(text: &str) -> (Option<String>, &str) {
    let Some(mut rest) = text.strip_prefix('\'') else {
        let (word, left) = text.split_once(' ').unwrap_or((text, ""));
        return (
            Some(word.to_owned()).filter(|w| w != "null" && w != "unchanged-toast-datum"),
            left,
        );
    };
    let mut value = String::new();
    // Each round takes up to the next quote.
    while let Some((part, after)) = rest.split_once('\'') {
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(doubled) => {
                value.push('\'');
                rest = doubled;
            }
            None => return (Some(value), after.strip_prefix(' ').unwrap_or(after)),
        }
    }
    (Some(value), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn values_are_read_as_the_plugin_prints_them() {
        let read = fields(
            "a[text]:'it''s [x]:1' \"B c\"[integer[]]:'{1,2}' d[bigint]:-7 e[uuid]:null \
             f[text]:unchanged-toast-datum g[boolean]:true",
        );
        let text = |name: &str| read[name].as_deref();
        assert_eq!(text("a"), Some("it's [x]:1"));
        assert_eq!(text("c"), Some("{1,2}"), "spaces in names are not needed here");
        assert_eq!((text("d"), text("e"), text("f")), (Some("-7"), None, None));
        assert_eq!(text("g"), Some("true"));
    }

    #[test]
    fn transactions_have_labels_grants_and_tables() {
        let history = transactions(
            &lines(
                "BEGIN 7
                 table changeover.term: UPDATE: app[text]:'shop' epoch[bigint]:4 holder[uuid]:null
                 COMMIT 7
                 BEGIN 8
                 message: transactional: 1 prefix: changeover, sz: 7 content:epoch=4
                 message: transactional: 1 prefix: other, sz: 1 content:epoch=9
                 table public.orders: UPDATE: id[integer]:1 total[text]:'a'
                 table changeover.progress: UPDATE: app[text]:'shop' cursor[jsonb]:'[\"1\"]'
                 COMMIT 8
                 BEGIN 9
                 table commit_order.ddl: INSERT: application[text]:'changeover@2/shop/2/work/4' tag[text]:'ddl_command_end CREATE INDEX'
                 COMMIT 9
                 BEGIN 10
                 table changeover.term: UPDATE: old-key: app[text]:'x' new-tuple: app[text]:'other' epoch[bigint]:99
                 COMMIT 10",
            ),
            "shop",
        )
        .expect("is understood");
        assert_eq!(history.len(), 4);
        assert_eq!(history[0].term, [4]);
        assert_eq!(history[1].labels, BTreeSet::from([4]));
        assert!(history[1].moves_cursor && history[1].tables.contains_key("public.orders"));
        assert_eq!(history[2].sessions, BTreeSet::from([4]));
        assert!(history[2].tables.is_empty());
        assert!(history[3].term.is_empty(), "another application's");
    }

    #[test]
    fn what_is_of_no_known_form_is_an_error() {
        for line in [
            "TRUNCATE",
            "table public.t",
            "message: transactional: 1 prefix: changeover, sz: 7 content:epoch=x",
        ] {
            assert!(transactions(&lines(line), "shop").is_err(), "{line}");
        }
    }
}
