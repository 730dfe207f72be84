//! Finds tables, and their keys by which a backfill can go.

use crate::{
    change::Subject,
    model::{
        catalog::{Constraint, Index, Relation, RelationKind, RowSecurity},
        identifier::{Identifier, QualifiedName},
        step::{KeyColumn, Phase},
    },
    rule,
    sql::statement::Name,
    world::{Refused, Work},
};

/// A table that is there, as it will be by now.
pub(super) fn existing(work: &Work<'_>, name: &Name) -> Result<Relation, Refused> {
    let qualified = work.world.resolve(name);
    let relation = work.world.relation(&qualified).ok_or_else(|| unknown_table(&qualified))?;
    match relation.kind {
        RelationKind::Table | RelationKind::PartitionedTable => Ok(relation.clone()),
        _ => Err(Refused::new(
            &rule::not_a_table::RULE,
            format!("{} is not a table", qualified.plain()),
            "write the statement for the table behind it",
        )),
    }
}

/// A table that is known to be there, by its full name.
pub(super) fn existing_by_name(work: &Work<'_>, name: &QualifiedName) -> Result<Relation, Refused> {
    work.world.relation(name).cloned().ok_or_else(|| unknown_table(name))
}

/// The refusal for a relation that is not there.
pub(super) fn unknown_table(name: &QualifiedName) -> Refused {
    Refused::new(
        &rule::unknown_relation::RULE,
        format!("there is no relation {} in the database nor in this upgrade", name.plain()),
        "check the name, and that the file that creates it comes earlier and is not refused",
    )
}

/// A column that must be there.
pub(super) fn has_column(relation: &Relation, column: &Identifier) -> Result<(), Refused> {
    match relation.column(column) {
        Some(_) => Ok(()),
        None => Err(Refused::new(
            &rule::unknown_column::RULE,
            format!("{} has no column {}", relation.name.plain(), column.as_str()),
            "check the name, and that the statement that adds it comes earlier and is not refused",
        )),
    }
}

/// The columns by which a backfill goes through the table.
pub(super) fn key(relation: &Relation) -> Result<Vec<KeyColumn>, Refused> {
    let not_null = |columns: &[Identifier]| {
        columns.iter().all(|name| relation.column(name).is_some_and(|column| column.not_null))
    };
    let usable = |index: &&Index| {
        index.unique
            && index.valid
            && !index.partial_or_expression
            && index.method == "btree"
            && !index.columns.is_empty()
            && not_null(&index.columns)
    };
    let index = relation
        .indexes
        .iter()
        .filter(usable)
        .min_by_key(|index| (!index.primary, index.columns.len(), &index.name));
    let Some(index) = index else {
        return Err(Refused::new(
            &rule::no_primary_key::RULE,
            format!(
                "{} has no primary key and no unique index over NOT NULL columns, so its rows \
                 cannot be gone through in order",
                relation.name.plain()
            ),
            "add a primary key over columns that are there in an earlier release; if none tells rows \
             apart, add one in a stop with `changeover migrate --at-once`",
        ));
    };
    Ok(index.columns.iter().filter_map(|name| typed(relation, name)).collect())
}

/// A column with its type.
pub(super) fn typed(relation: &Relation, name: &Identifier) -> Option<KeyColumn> {
    let column = relation.column(name)?;
    Some(KeyColumn { name: column.name.clone(), type_sql: column.type_sql.clone() })
}

/// The tables whose rows foreign keys make the server lock, when columns of this one are written by
/// a step of the phase. Foreign keys that only a later phase adds do not count.
pub(super) fn checked_against(
    work: &Work<'_>,
    relation: &Relation,
    phase: Phase,
    written: impl Fn(&Identifier) -> bool,
) -> Vec<QualifiedName> {
    let records = &work.world.records;
    let is_there = |constraint: &Constraint| {
        let subject = Subject::Constraint(relation.name.clone(), constraint.name.clone());
        records.made(&subject).is_none_or(|provider| provider.phase <= phase)
    };
    relation.referenced_by_keys(|key| key.columns.iter().any(&written) && is_there(key))
}

/// Another table whose foreign key points to this one.
pub(super) fn referencing(work: &Work<'_>, table: &QualifiedName) -> Option<QualifiedName> {
    let points_here = |constraint: &Constraint| constraint.references() == Some(table);
    work.world
        .catalog
        .every_relation()
        .find(|other| &other.name != table && other.constraints.iter().any(points_here))
        .map(|other| other.name.clone())
}

/// The steps' subjects that make the keys to which a foreign key may point: it can only come after.
pub(super) fn keys_made(work: &Work<'_>, table: &QualifiedName) -> Vec<Subject> {
    let Some(relation) = work.world.relation(table) else {
        return Vec::new();
    };
    let index = |index: &Index| {
        Subject::Index(QualifiedName { schema: table.schema.clone(), name: index.name.clone() })
    };
    let constraint = |index: &Index| {
        index.constraint.clone().map(|name| Subject::Constraint(table.clone(), name))
    };
    let unique = relation.indexes.iter().filter(|index| index.unique);
    unique.flat_map(|found| [Some(index(found)), constraint(found)]).flatten().collect()
}

/// What a backfill of the columns would meet that it must not decide by itself.
pub(super) fn fillable(
    work: &Work<'_>,
    relation: &Relation,
    columns: &[Identifier],
) -> Result<(), Refused> {
    let name = relation.name.plain();
    if relation.row_security == RowSecurity::Forced {
        return Err(Refused::new(
            &rule::forced_row_security::RULE,
            format!("row security is forced on {name}, so the migrator may not see all rows"),
            format!("write before it: ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY"),
        ));
    }
    if let Some(column) = columns.iter().find(|column| relation.partition_key.contains(column)) {
        return Err(Refused::new(
            &rule::partition_key::RULE,
            format!("{} is part of the key by which {name} is partitioned", column.as_str()),
            "fill a new column instead; rows cannot be moved between partitions online",
        ));
    }
    super::obstacle::firing::on_fill(work, relation, columns)
}
