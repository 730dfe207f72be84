//! Which changes of a column's type the server makes in the catalog alone, and which rewrite or scan
//! the table, or rebuild indexes, under ACCESS EXCLUSIVE. Held against servers by the package's tests.
//! Called by the rewrite of `ALTER COLUMN … TYPE`, and by the change that it is as written.

use crate::{
    model::catalog::{Catalog, ConstraintKind, Relation, without_modifier},
    model::identifier::Identifier,
};

/// The precision that times and intervals have where none is written.
const TIME_PRECISION_MAX: u32 = 6;

/// Why the change is more than one of the catalog; `None` where it is not.
pub(crate) fn reason(
    catalog: &Catalog,
    relation: &Relation,
    column: &Identifier,
    after: &str,
    collation: Option<&str>,
) -> Option<String> {
    let found = relation.column(column)?;
    if !keeps_values(catalog, &found.type_sql, after) {
        return Some("rewrites the whole table under a lock".to_owned());
    }
    if relation.partition_key.contains(column) {
        return Some("is refused by the server: the column is in the partition key".to_owned());
    }
    let collation_before = found.collation.as_ref().map(|collation| collation.name.as_str());
    let same_collation = collation_before == collation;
    let kin = std::iter::once(relation).chain(catalog.parts(&relation.name));
    for table in kin {
        if let Some(why) = stored_elsewhere(table, column, same_collation) {
            return Some(why);
        }
    }
    None
}

/// The collation that a written type names, without its schema.
pub(crate) fn collation_of(type_sql: &str) -> Option<String> {
    let at = type_sql.to_lowercase().find(" collate ")?;
    let name = type_sql[at + " collate ".len()..].trim();
    let last = name.rsplit('.').next().unwrap_or(name);
    match last.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some("default") => None,
        Some(quoted) => Some(quoted.to_owned()),
        None => Some(last.to_lowercase()),
    }
}

/// Indexes and checks that the server makes once more for the new type.
fn stored_elsewhere(table: &Relation, column: &Identifier, same_collation: bool) -> Option<String> {
    let index = table.indexes.iter().find(|index| {
        let key = index.columns.contains(column);
        let computed =
            index.partial_or_expression && (key || index.expression_columns.contains(column));
        computed || (key && !same_collation)
    });
    if let Some(index) = index {
        return Some(format!("rebuilds the index {} under a lock", index.name.as_str()));
    }
    let check = table.constraints.iter().find(|found| {
        let rejects = matches!(
            found.kind,
            ConstraintKind::Check | ConstraintKind::ForeignKey { .. } | ConstraintKind::Exclusion
        );
        rejects && found.validated && found.columns.contains(column)
    });
    check.map(|check| {
        format!("scans the whole table under a lock, to check {} again", check.name.as_str())
    })
}

/// Whether every stored value is one of the new type as it is.
fn keeps_values(catalog: &Catalog, before: &str, after: &str) -> bool {
    if before == after {
        return true;
    }
    if before.ends_with("[]") || after.ends_with("[]") {
        return false;
    }
    // A domain without checks is its base type; one with checks is scanned.
    if let Some(domain) = catalog.domain_rules(after) {
        let free = domain.checks.is_empty() && !domain.not_null;
        return free && keeps_values(catalog, before, domain.base);
    }
    if let Some(domain) = catalog.domain_rules(before) {
        return keeps_values(catalog, domain.base, after);
    }
    let (from, to) = (without_modifier(before), without_modifier(after));
    let (old, new) = (modifier(before), modifier(after));
    match (from.as_str(), to.as_str()) {
        ("character varying", "character varying") | ("bit varying", "bit varying") => {
            new.is_none() || matches!((old, new), (Some(old), Some(new)) if new[0] >= old[0])
        }
        ("text" | "character varying", "text" | "character varying") => new.is_none(),
        ("cidr", "inet") => true,
        ("numeric", "numeric") => match (old, new) {
            (_, None) => true,
            (Some(old), Some(new)) => new[0] >= old[0] && new.get(1) == old.get(1),
            (None, Some(_)) => false,
        },
        (from, to) if from == to && is_time(from) => {
            let precision = |of: Option<Vec<i64>>| {
                of.and_then(|of| of.first().copied()).unwrap_or(i64::from(TIME_PRECISION_MAX))
            };
            precision(new) >= precision(old)
        }
        _ => false,
    }
}

fn is_time(bare: &str) -> bool {
    matches!(
        bare,
        "timestamp without time zone"
            | "timestamp with time zone"
            | "time without time zone"
            | "time with time zone"
            | "interval"
    )
}

/// The numbers in a type's parentheses.
fn modifier(type_sql: &str) -> Option<Vec<i64>> {
    let (_, rest) = type_sql.split_once('(')?;
    let (numbers, _) = rest.split_once(')')?;
    numbers.split(',').map(|number| number.trim().parse().ok()).collect()
}
