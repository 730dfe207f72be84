//! An action of `ALTER TABLE` that copies the whole table to somewhere else.

use super::{Example, Found, ORDERS, Rule, Topic};
use crate::{
    model::catalog::Catalog,
    sql::{Statement, StatementKind},
};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "moves-table",
    topic: Topic::Table,
    allowable: false,
    summary: "an action of `ALTER TABLE` that copies the whole table to somewhere else",
    why: "`SET TABLESPACE`, `SET LOGGED`, `SET UNLOGGED` and `SET ACCESS METHOD` write every row, or every \
        page, to a new file under a lock that stops all reads and writes of the table. At a million rows \
        that takes seconds, at a hundred million it is an outage.",
    instead: "Move it in a stop, or with a tool that copies a table beside its writers, such as \
        `pg_repack --tablespace`. A new table may be made where it belongs: `CREATE TABLE … TABLESPACE`.",
    bad: &[
        Example::of(ORDERS, "ALTER TABLE orders SET TABLESPACE pg_default;"),
        Example::of(ORDERS, "ALTER TABLE orders SET UNLOGGED;"),
    ],
    good: &[Example::of(
        ORDERS,
        "CREATE TABLE archive (id bigint PRIMARY KEY) TABLESPACE pg_default;",
    )],
};

/// How such actions begin.
const MOVES: [&str; 4] = ["SET TABLESPACE", "SET LOGGED", "SET UNLOGGED", "SET ACCESS METHOD"];

/// Finds one.
pub(super) fn look(statement: &Statement, _: &Catalog) -> Option<Found> {
    let StatementKind::AlterTable(alter) = &*statement.kind else { return None };
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
    let actions = alter.actions.iter().map(|action| words(&action.text));
    let found =
        actions.filter_map(|text| MOVES.iter().find(|moves| text.starts_with(**moves))).next()?;
    Some(Found {
        reason: format!(
            "{found} copies all of {} while nobody can use it",
            alter.name.name.as_str()
        ),
        remedy: "move it in a stop, with no older release serving, or with pg_repack".to_owned(),
    })
}
