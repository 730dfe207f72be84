//! `ADD COLUMN`: fast where nothing has to be rewritten.
//!
//! A nullable column, or one with a constant default, is one catalog change. A volatile default
//! would rewrite the table, so rows that are there are filled afterwards. Constraints on the column
//! are split off and take their own way.

use super::{Form, Planned, add_constraint, set_not_null, table};
use crate::{
    change::{self, AlterDefault, Subject},
    derivation::{Derivation, DerivedColumn, Template, Writers, pinned_settings},
    model::{
        catalog::{Relation, RelationKind},
        step::{BackfillCheck, Phase, StepKind},
    },
    rule,
    sql::{
        Expression,
        statement::{AlterKind, ColumnDefinition, ConstraintBody},
    },
    world::{Draft, Refused, Work, types},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Action(relation, action) = form else { return None };
    let AlterKind::AddColumn { column, if_not_exists } = &action.kind else { return None };
    Some(plan(work, relation, column, *if_not_exists))
}

/// Plans `ADD COLUMN`.
pub(super) fn plan(
    work: &mut Work<'_>,
    relation: &Relation,
    column: &ColumnDefinition,
    if_not_exists: bool,
) -> Result<(), Refused> {
    let title = format!("{}.{}", relation.name.plain(), column.name.as_str());
    if relation.column(&column.name).is_some() {
        if if_not_exists {
            return super::nothing_to_do(work, format!("column {title} is there already"));
        }
        return Err(Refused::new(
            &rule::exists::RULE,
            format!("there is a column {title} already"),
            "give the new one another name",
        ));
    }
    checked(relation, column)?;
    of_domain(work, column, &title)?;
    let key = (relation.name.clone(), column.name.clone());
    let volatile = column
        .default
        .as_ref()
        .is_some_and(|default| change::is_volatile(&work.world.catalog, default));
    let value = column.default.as_ref().filter(|_| !volatile).map(|default| default.text.clone());
    work.world.new_columns.insert(key, value);
    add(work, relation, column, volatile, &title)?;
    if let Some(default) = column.default.as_ref().filter(|_| volatile) {
        fill(work, relation, column, default, &title)?;
        if column.not_null {
            let relation = current(work, relation);
            set_not_null::steps(work, &relation, &column.name, Phase::Online, NOT_NULL_REASON)?;
        }
    }
    for constraint in &column.constraints {
        let relation = current(work, relation);
        add_constraint::plan(work, &relation, constraint)?;
    }
    Ok(())
}

/// Why NOT NULL needs no contract here.
const NOT_NULL_REASON: &str =
    "the default gives a value to rows of releases that do not know the column";

fn current(work: &Work<'_>, relation: &Relation) -> Relation {
    work.world.relation(&relation.name).cloned().unwrap_or_else(|| relation.clone())
}

/// What cannot be added without rewriting the table or breaking older releases' inserts.
fn checked(relation: &Relation, column: &ColumnDefinition) -> Result<(), Refused> {
    let title = format!("{}.{}", relation.name.plain(), column.name.as_str());
    if column.generated.is_some() || column.identity || types::is_serial(&column.type_sql) {
        return Err(Refused::new(
            &rule::rewrites_table::RULE,
            format!(
                "{title} is computed by the server, which rewrites the whole table under a lock"
            ),
            "add a plain column; for a generated one write an UPDATE with its expression (it becomes \
             a trigger and a backfill), for an identity a DEFAULT nextval('…') of a sequence",
        ));
    }
    if column
        .constraints
        .iter()
        .any(|c| matches!(c.kind, ConstraintBody::Key { primary: true, .. }))
    {
        return Err(Refused::new(
            &rule::add_primary_key_column::RULE,
            format!("{title} would be a primary key before it has values"),
            "add the column, fill it, and add the primary key in a statement of its own",
        ));
    }
    if let Some(default) = &column.default {
        if default.subselect || default.not_understood.is_some() || !default.references.is_empty() {
            return Err(super::not_understood("the column's default"));
        }
    } else if column.not_null {
        return Err(Refused::new(
            &rule::not_null_without_default::RULE,
            format!("inserts of releases that do not know {title} would fail"),
            "give it a DEFAULT, or add it nullable, fill it with an UPDATE, and SET NOT NULL in a \
             later statement",
        ));
    }
    Ok(())
}

/// Before PostgreSQL 19 the server rewrites the table for a domain that rejects anything.
fn of_domain(work: &Work<'_>, column: &ColumnDefinition, title: &str) -> Result<(), Refused> {
    let type_sql = types::in_catalog(&work.world.catalog, &column.type_sql);
    let Some(domain) = work.world.catalog.domain_rules(&type_sql) else { return Ok(()) };
    let (what, remedy) = if domain.not_null || !domain.checks.is_empty() {
        (
            "rejects values, for which the server rewrites the whole table under a lock",
            "and ADD CONSTRAINT with the domain's CHECK in a statement of its own",
        )
    } else if domain.default.is_some() && column.default.is_none() {
        ("has a default of its own, which may rewrite the table", "with that DEFAULT written out")
    } else {
        return Ok(());
    };
    Err(Refused::new(
        &rule::rewrites_table::RULE,
        format!("{title} is of the domain {type_sql}, which {what}"),
        format!("give the column the domain's base type, {}, {remedy}", domain.base),
    ))
}

fn add(
    work: &mut Work<'_>,
    relation: &Relation,
    column: &ColumnDefinition,
    volatile: bool,
    title: &str,
) -> Result<(), Refused> {
    let table = &relation.name;
    let mut add = change::add_column(&work.world.catalog, table, column);
    let mut changes = Vec::new();
    if volatile {
        let default = add.column.default.take();
        add.column.not_null = false;
        add.fills_rows = false;
        let column = column.name.clone();
        changes.push(AlterDefault { table: table.clone(), column, default }.into());
    }
    changes.insert(0, add.into());
    let reason = if volatile {
        "added without its default, which would rewrite the table; rows written from now on get it"
    } else if column.default.is_some() {
        "a default that is the same for all rows is kept in the catalog: no row is rewritten"
    } else {
        "a nullable column is a catalog change: no row is touched"
    };
    let draft = Draft::ddl("add_column", Phase::Expand, format!("add column {title}"), changes)
        .reason(reason)
        .joins();
    work.emit(draft).map(|_| ())
}

/// Fills the rows that were there before a volatile default.
fn fill(
    work: &mut Work<'_>,
    relation: &Relation,
    column: &ColumnDefinition,
    default: &Expression,
    title: &str,
) -> Result<(), Refused> {
    let name = &column.name;
    table::fillable(work, relation, std::slice::from_ref(name))?;
    let type_sql = types::canonical(&column.type_sql);
    let value = Template::of(default, relation)
        .ok_or_else(|| super::not_understood("the column's default"))?;
    super::expression::needs_no_open_schema(work, std::iter::once(default), &[&type_sql])?;
    let derivation = Derivation {
        app: work.world.app.clone(),
        migration: work.migration.number,
        statement: work.number,
        backfill: work.id("backfill"),
        table: relation.name.clone(),
        partitioned: relation.kind == RelationKind::PartitionedTable,
        rows_estimate: relation.rows_estimate,
        key: table::key(relation)?,
        reads: Vec::new(),
        settings: pinned_settings(&work.world.catalog, std::iter::once(default), &[&type_sql]),
        columns: vec![DerivedColumn {
            column: name.clone(),
            type_sql,
            value,
            condition: None,
            fallback: None,
            null_by_default: false,
            only_null: true,
        }],
        requirements: Vec::new(),
        writers: Writers::None,
    };
    let backfill = derivation.backfill();
    let added = Subject::Column(relation.name.clone(), name.clone());
    let fill = Draft::new(
        "backfill",
        Phase::Online,
        format!("backfill {title} with its default"),
        StepKind::Backfill(backfill.clone()),
    )
    .needs(added)
    .reason("rows that were there before the default are filled in short batches");
    let fill = work.emit(fill)?;
    let check = Draft::new(
        "check",
        Phase::Online,
        format!("check that no row lacks {title}"),
        StepKind::BackfillCheck(BackfillCheck(backfill)),
    )
    .after(&fill)
    .makes(Subject::Filled(relation.name.clone(), name.clone()))
    .reason("what reads or constrains the column relies on every row having a value");
    work.emit(check).map(|_| ())
}
