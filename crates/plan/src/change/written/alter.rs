//! `ALTER TABLE`: one change for each action.

use super::{WrittenChanges, constraint::add_constraint};
use crate::change::{
    AddColumn, AlterColumnType, AlterDefault, AlterNotNull, AlterOwner, AttachPartition, Change,
    ChangeRowSecurity, DropColumn, DropConstraint, EnableTrigger, FullReplicaIdentity,
    NoForceRowSecurity, RenameColumn, RenameConstraint, RenameRelation, TuneTable,
    ValidateConstraint,
};
use crate::{
    model::{
        catalog::{Catalog, Column, Volatility},
        identifier::{Identifier, QualifiedName},
    },
    sql::{
        Expression,
        statement::{self, AlterKind, ColumnDefinition},
    },
    world::{type_change, types},
};

/// Each action of `ALTER TABLE`; the later ones see what the earlier ones have made.
pub(super) fn alter_table(catalog: &Catalog, alter: &statement::AlterTable) -> WrittenChanges {
    let table = catalog.resolve(alter.name.schema.as_ref(), &alter.name.name);
    let mut catalog = catalog.clone();
    let mut all = Vec::new();
    for (at, one) in alter.actions.iter().enumerate() {
        let changes = action(&catalog, &table, one)?;
        if at + 1 < alter.actions.len() {
            changes.iter().for_each(|change| change.apply(&mut catalog));
        }
        all.extend(changes);
    }
    Some(all)
}

/// One action of `ALTER TABLE`.
pub(crate) fn action(
    catalog: &Catalog,
    on: &QualifiedName,
    action: &statement::AlterAction,
) -> WrittenChanges {
    let table = on.clone();
    Some(match &action.kind {
        AlterKind::AddColumn { column, .. } => {
            let added: Change = add_column(catalog, on, column).into();
            if column.constraints.is_empty() {
                return Some(vec![added]);
            }
            let mut catalog = catalog.clone();
            added.apply(&mut catalog);
            let constraints = column.constraints.iter();
            let constraints = constraints.map(|found| add_constraint(&catalog, on, found).into());
            std::iter::once(added).chain(constraints).collect()
        }
        AlterKind::DropColumn { column, if_exists, .. } => {
            vec![DropColumn { table, column: column.clone(), if_exists: *if_exists }.into()]
        }
        AlterKind::SetDefault { column, default } => {
            let default = Some(default.text.clone());
            vec![AlterDefault { table, column: column.clone(), default }.into()]
        }
        AlterKind::DropDefault { column } => {
            vec![AlterDefault { table, column: column.clone(), default: None }.into()]
        }
        AlterKind::SetNotNull { column } | AlterKind::DropNotNull { column } => {
            let not_null = matches!(action.kind, AlterKind::SetNotNull { .. });
            vec![AlterNotNull { table, column: column.clone(), not_null }.into()]
        }
        AlterKind::SetType { column, type_sql, using } => {
            let canonical = types::in_catalog(catalog, type_sql);
            vec![
                AlterColumnType {
                    rewrites: *using || costs(catalog, on, column, type_sql, &canonical),
                    table,
                    column: column.clone(),
                    type_sql: type_sql.clone(),
                    canonical,
                }
                .into(),
            ]
        }
        AlterKind::AddConstraint(constraint) => {
            vec![add_constraint(catalog, on, constraint).into()]
        }
        AlterKind::DropConstraint { name, if_exists, .. } => {
            vec![DropConstraint { table, name: name.clone(), if_exists: *if_exists }.into()]
        }
        AlterKind::ValidateConstraint { name } => {
            vec![ValidateConstraint { table, constraint: name.clone() }.into()]
        }
        AlterKind::RenameColumn { from, to } => {
            vec![RenameColumn { table, from: from.clone(), to: to.clone() }.into()]
        }
        AlterKind::RenameTable { to } => {
            let to = QualifiedName { schema: table.schema.clone(), name: to.clone() };
            vec![RenameRelation { from: table, to }.into()]
        }
        AlterKind::RenameConstraint { from, to } => {
            let (from, to) = (from.clone(), to.clone());
            vec![RenameConstraint { table, from, to, index: false }.into()]
        }
        AlterKind::Tune => vec![TuneTable { table, action: action.text.clone() }.into()],
        AlterKind::OwnerTo => vec![AlterOwner { table, action: action.text.clone() }.into()],
        AlterKind::RowSecurity => {
            vec![ChangeRowSecurity { table, action: action.text.clone() }.into()]
        }
        AlterKind::NoForceRowSecurity
        | AlterKind::ReplicaIdentityFull
        | AlterKind::EnableTrigger { .. } => vec![toggle(table, &action.kind)?],
        AlterKind::AttachPartition { part } => {
            let part = catalog.resolve(part.schema.as_ref(), &part.name);
            vec![AttachPartition { table, part, action: action.text.clone() }.into()]
        }
        AlterKind::SetSchema | AlterKind::NotUnderstood(_) => return None,
    })
}

/// Whether a change of a column's type is more than one of the catalog, or nothing is known of it.
fn costs(
    catalog: &Catalog,
    table: &QualifiedName,
    column: &Identifier,
    type_sql: &str,
    canonical: &str,
) -> bool {
    let Some(relation) = catalog.relation(table) else { return true };
    let collation = type_change::collation_of(type_sql);
    relation.column(column).is_none()
        || type_change::reason(catalog, relation, column, canonical, collation.as_deref()).is_some()
}

/// An action that turns something on or off.
fn toggle(table: QualifiedName, action: &AlterKind) -> Option<Change> {
    Some(match action {
        AlterKind::NoForceRowSecurity => NoForceRowSecurity { table }.into(),
        AlterKind::ReplicaIdentityFull => FullReplicaIdentity { table }.into(),
        AlterKind::EnableTrigger { name, enabled } => {
            EnableTrigger { table, trigger: name.clone(), enabled: *enabled }.into()
        }
        _ => return None,
    })
}

/// A column as the catalog will show it.
pub(crate) fn column(definition: &ColumnDefinition) -> Column {
    let serial = types::is_serial(&definition.type_sql);
    Column {
        name: definition.name.clone(),
        type_sql: types::canonical(&definition.type_sql),
        not_null: definition.not_null || serial || definition.identity,
        default: match &definition.default {
            Some(default) => Some(default.text.clone()),
            None if serial => Some("nextval(…)".to_owned()),
            None => None,
        },
        generated: definition.generated.as_ref().map(|expression| expression.text.clone()),
        identity: definition.identity,
        ..Column::default()
    }
}

/// `ADD COLUMN` without the column's constraints.
pub(crate) fn add_column(
    catalog: &Catalog,
    table: &QualifiedName,
    definition: &ColumnDefinition,
) -> AddColumn {
    AddColumn {
        table: table.clone(),
        column: Column {
            type_sql: types::in_catalog(catalog, &definition.type_sql),
            ..column(definition)
        },
        type_sql: definition.type_sql.clone(),
        computed: definition.computed.clone(),
        fills_rows: definition.computed.is_some()
            || types::is_serial(&definition.type_sql)
            || definition.default.as_ref().is_some_and(|default| is_volatile(catalog, default)),
    }
}

/// Whether a default gives another value for each row. A function that nobody knows may.
pub(crate) fn is_volatile(catalog: &Catalog, default: &Expression) -> bool {
    default.calls.iter().any(|call| {
        let grammar = ["coalesce", "nullif", "greatest", "least", "current_timestamp"];
        !grammar.contains(&call.name.as_str())
            && !matches!(
                catalog.functions.get(call.name.as_str()),
                Some(Volatility::Immutable | Volatility::Stable)
            )
    })
}
