//! `ADD UNIQUE` and `ADD PRIMARY KEY`: the index is built concurrently and then taken over.

use super::{
    table,
    tightening::{at_floor, names, tightens},
};
use crate::{
    change::{self, CreateIndex},
    model::{
        catalog::{Relation, RelationKind},
        identifier::Identifier,
        step::{IndexBuild, Phase, StepId, StepKind},
    },
    rule,
    sql::statement::{ConstraintBody, ConstraintDefinition},
    world::{Draft, Refused, Work},
};

/// UNIQUE or PRIMARY KEY.
struct Key<'a> {
    primary: bool,
    columns: &'a [Identifier],
    tail: &'a str,
    nulls_not_distinct: bool,
}

/// Plans `ADD UNIQUE` or `ADD PRIMARY KEY`.
pub(super) fn plan(
    work: &mut Work<'_>,
    relation: &Relation,
    constraint: &ConstraintDefinition,
    name: &Identifier,
) -> Result<(), Refused> {
    let ConstraintBody::Key { primary, columns, using_index, tail, nulls_not_distinct } =
        &constraint.kind
    else {
        return Err(super::not_understood("the key"));
    };
    let key = Key { primary: *primary, columns, tail, nulls_not_distinct: *nulls_not_distinct };
    key_is_possible(relation, &key)?;
    let (phase, reason) = tightens(work);
    let (index, build) = match using_index {
        Some(index) => (index.clone(), None),
        None => (name.clone(), Some(build(work, relation, name, &key, phase, &reason)?)),
    };
    let table = &relation.name;
    let mut add = change::add_constraint(&work.world.catalog, table, constraint);
    add.constraint.name = name.clone();
    let word = if key.primary { "PRIMARY KEY" } else { "UNIQUE" };
    let definition = format!("{word} USING INDEX {index} {}", constraint.deferrable);
    add.constraint.definition = definition.trim_end().to_owned();
    add.using_index = Some(index);
    let title = format!("make it the constraint {} of {}", name.as_str(), table.plain());
    let mut draft = Draft::ddl("constraint", phase, title, vec![add.into()])
        .reason("the index is there already, so this is a catalog change");
    if let Some(step) = &build {
        draft = draft.after(step);
    }
    work.emit(at_floor(work, phase, draft)).map(|_| ())
}

fn build(
    work: &mut Work<'_>,
    relation: &Relation,
    name: &Identifier,
    key: &Key<'_>,
    phase: Phase,
    reason: &str,
) -> Result<StepId, Refused> {
    let table = &relation.name;
    let nulls = if key.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
    // In the order of the grammar: columns, INCLUDE, NULLS NOT DISTINCT, WITH, TABLESPACE.
    let (include, rest) = match key.tail.to_lowercase().starts_with("include") {
        true => key.tail.split_at(key.tail.find(')').map_or(key.tail.len(), |at| at + 1)),
        false => ("", key.tail),
    };
    let definition = format!("USING btree ({}) {include}{nulls} {rest}", names(key.columns));
    let kind = StepKind::IndexBuild(IndexBuild {
        create: CreateIndex {
            table: table.clone(),
            index: name.clone(),
            unique: true,
            definition: definition.split_whitespace().collect::<Vec<_>>().join(" "),
            concurrently: true,
            only: false,
            method: "btree".to_owned(),
            columns: key.columns.to_vec(),
            reads: key.columns.to_vec(),
            partial_or_expression: false,
        },
        partitioned: false,
    });
    let title = format!("build unique index {} on {}", name.as_str(), table.plain());
    let draft =
        Draft::new("index", phase, title, kind).reason(format!("{reason}; built concurrently"));
    work.emit(at_floor(work, phase, draft))
}

fn key_is_possible(relation: &Relation, key: &Key<'_>) -> Result<(), Refused> {
    if relation.kind == RelationKind::PartitionedTable {
        return Err(Refused::new(
            &rule::partitioned_key::RULE,
            "a key of a partitioned table cannot take over an index that was built concurrently",
            "write CREATE UNIQUE INDEX instead: it is built part by part and serves as well",
        ));
    }
    for column in key.columns {
        table::has_column(relation, column)?;
        let nullable = relation.column(column).is_some_and(|found| !found.not_null);
        if key.primary && nullable {
            return Err(Refused::new(
                &rule::primary_key_nullable::RULE,
                format!("{} may be NULL, so the primary key would scan the table", column.as_str()),
                format!(
                    "write ALTER TABLE … ALTER COLUMN {} SET NOT NULL before it",
                    column.as_str()
                ),
            ));
        }
    }
    Ok(())
}
