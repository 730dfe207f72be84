//! Finds the rows that would break a constraint before it is added: added and not valid, it would
//! reject updates of these rows already, and its validation would fail.
//!
//! Used by the rewrites; the engine runs the text before it takes any lock. SQL: `sql/offending.sql`.

use crate::model::{
    catalog::{Catalog, ConstraintKind, Relation},
    identifier::Identifier,
};

/// One row for each of at most three offending rows: its key, and how many there are.
const OFFENDING: &str = include_str!("sql/offending.sql");

/// Rows for which a CHECK's expression is false. NULL passes, as the server has it.
pub(crate) fn breaking_check(relation: &Relation, expression: &str) -> String {
    query(relation, &format!("({expression}) IS FALSE"))
}

/// Rows that point to none. `None` where the columns that they point to are not known.
pub(crate) fn breaking_reference(
    catalog: &Catalog,
    relation: &Relation,
    kind: &ConstraintKind,
    columns: &[Identifier],
    referenced: &[Identifier],
) -> Option<String> {
    let ConstraintKind::ForeignKey { references, .. } = kind else { return None };
    let target = catalog.relation(references)?;
    let primary = target.indexes.iter().find(|index| index.primary);
    let targets = match referenced {
        [] => primary.map(|index| index.columns.clone())?,
        listed => listed.to_vec(),
    };
    if targets.len() != columns.len() {
        return None;
    }
    let all = |parts: Vec<String>| parts.join(" AND ");
    let set = all(columns.iter().map(|column| format!("t.{column} IS NOT NULL")).collect());
    let pairs = columns.iter().zip(&targets);
    let same = all(pairs.map(|(column, target)| format!("r.{target} = t.{column}")).collect());
    let none = format!("NOT EXISTS (SELECT 1 FROM {references} AS r WHERE {same})");
    Some(query(relation, &format!("{set} AND {none}")))
}

fn query(relation: &Relation, condition: &str) -> String {
    let primary = relation.indexes.iter().find(|index| index.primary);
    let key = match primary.map(|index| index.columns.as_slice()) {
        Some(columns @ [_, ..]) => {
            let texts: Vec<String> =
                columns.iter().map(|column| format!("t.{column}::text")).collect();
            format!("concat_ws(', ', {})", texts.join(", "))
        }
        // Without a key the place in the file names a row for as long as it is not updated.
        _ => "'ctid ' || t.ctid::text".to_owned(),
    };
    OFFENDING
        .replace("{key}", &key)
        .replace("{table}", &relation.name.to_string())
        .replace("{condition}", condition)
}
