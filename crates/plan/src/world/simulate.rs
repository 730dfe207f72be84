//! Plays statements' effects on the copy of the catalog.
//!
//! Used after each rewrite, for objects that are new anyway, and for unfinished steps of earlier
//! plans. Only what planning asks about is kept right.

use super::{
    names::{default_constraint_name, default_index_name},
    state::World,
    types,
};
use crate::{
    model::{
        catalog::{
            Column, Constraint, ConstraintKind, Index, Relation, RelationKind, ReplicaIdentity,
            RowSecurity, Trigger,
        },
        identifier::{Identifier, QualifiedName},
    },
    sql::statement::{
        AlterKind, ColumnDefinition, ConstraintBody, ConstraintDefinition, CreateIndex,
        CreateTable, CreateTrigger,
    },
};

/// An empty relation.
pub(crate) fn relation(name: &QualifiedName, kind: RelationKind) -> Relation {
    Relation { name: name.clone(), kind, ..Relation::default() }
}

impl World {
    /// `CREATE TABLE`.
    pub(crate) fn simulate_create_table(&mut self, name: &QualifiedName, table: &CreateTable) {
        let kind = match table.partition_by {
            Some(_) => RelationKind::PartitionedTable,
            None => RelationKind::Table,
        };
        let mut made = relation(name, kind);
        made.partition_key = table.partition_by.clone().unwrap_or_default();
        made.partition_of = table.partition_of.as_ref().map(|parent| self.resolve(parent));
        made.inherits = table.inherits.iter().map(|parent| self.resolve(parent)).collect();
        for source in table.copies.iter().chain(&table.inherits).chain(&table.partition_of) {
            if let Some(source) = self.catalog.relation(&self.resolve(source)) {
                made.columns.extend(source.columns.iter().cloned());
            }
        }
        self.catalog.insert(made);
        for column in &table.columns {
            self.simulate_add_column(name, column);
        }
        for constraint in &table.constraints {
            self.simulate_add_constraint(name, constraint, true);
        }
    }

    /// `ADD COLUMN` with its constraints.
    pub(crate) fn simulate_add_column(&mut self, table: &QualifiedName, column: &ColumnDefinition) {
        let serial = types::is_serial(&column.type_sql);
        let made = Column {
            name: column.name.clone(),
            type_sql: types::canonical(&column.type_sql),
            not_null: column.not_null || serial || column.identity,
            default: match &column.default {
                Some(default) => Some(default.text.clone()),
                None if serial => Some("nextval(…)".to_owned()),
                None => None,
            },
            generated: column.generated.as_ref().map(|expression| expression.text.clone()),
            identity: column.identity,
            ..Column::default()
        };
        if let Some(relation) = self.catalog.relation_mut(table) {
            relation.columns.push(made);
        }
        for constraint in &column.constraints {
            self.simulate_add_constraint(table, constraint, true);
        }
    }

    /// `DROP COLUMN`, with the indexes and constraints that go with it.
    pub(crate) fn simulate_drop_column(&mut self, table: &QualifiedName, column: &Identifier) {
        if let Some(relation) = self.catalog.relation_mut(table) {
            relation.columns.retain(|found| &found.name != column);
            relation.indexes.retain(|index| {
                !index.columns.contains(column) && !index.expression_columns.contains(column)
            });
            relation.constraints.retain(|constraint| !constraint.columns.contains(column));
        }
    }

    /// Changes one column.
    pub(crate) fn simulate_column(
        &mut self,
        table: &QualifiedName,
        column: &Identifier,
        change: impl FnOnce(&mut Column),
    ) {
        if let Some(relation) = self.catalog.relation_mut(table)
            && let Some(found) = relation.columns.iter_mut().find(|found| &found.name == column)
        {
            change(found);
        }
    }

    /// `ADD CONSTRAINT`; gives back the name that it has.
    pub(crate) fn simulate_add_constraint(
        &mut self,
        table: &QualifiedName,
        constraint: &ConstraintDefinition,
        validated: bool,
    ) -> Identifier {
        let name = self.constraint_name(table, constraint);
        let (kind, columns) = match &constraint.kind {
            ConstraintBody::Key { primary, columns, .. } => {
                let kind =
                    if *primary { ConstraintKind::PrimaryKey } else { ConstraintKind::Unique };
                self.simulate_key(table, &name, columns, *primary);
                (kind, columns.clone())
            }
            ConstraintBody::Check { expression, .. } => {
                (ConstraintKind::Check, expression.columns())
            }
            ConstraintBody::ForeignKey { columns, references, acts, .. } => (
                ConstraintKind::ForeignKey { references: self.resolve(references), acts: *acts },
                columns.clone(),
            ),
            ConstraintBody::Exclusion => (ConstraintKind::Exclusion, Vec::new()),
            ConstraintBody::NotNull { column } => {
                self.simulate_column(table, column, |column| column.not_null = true);
                (ConstraintKind::NotNull, vec![column.clone()])
            }
        };
        if let Some(relation) = self.catalog.relation_mut(table) {
            relation.constraints.push(Constraint {
                name: name.clone(),
                kind,
                columns,
                definition: String::new(),
                validated,
                ..Constraint::default()
            });
        }
        name
    }

    fn simulate_key(
        &mut self,
        table: &QualifiedName,
        name: &Identifier,
        columns: &[Identifier],
        primary: bool,
    ) {
        for column in columns.iter().filter(|_| primary) {
            self.simulate_column(table, column, |column| column.not_null = true);
        }
        if let Some(relation) = self.catalog.relation_mut(table) {
            relation.indexes.push(Index {
                name: name.clone(),
                method: "btree".to_owned(),
                columns: columns.to_vec(),
                unique: true,
                primary,
                valid: true,
                partial_or_expression: false,
                constraint: Some(name.clone()),
                ..Index::default()
            });
        }
    }

    /// The name that a constraint has or gets.
    pub(crate) fn constraint_name(
        &self,
        table: &QualifiedName,
        constraint: &ConstraintDefinition,
    ) -> Identifier {
        if let Some(name) = &constraint.name {
            return name.clone();
        }
        let texts = |columns: &[Identifier]| -> Vec<String> {
            columns.iter().map(|column| column.as_str().to_owned()).collect()
        };
        match &constraint.kind {
            ConstraintBody::Key { primary: true, .. } => {
                default_index_name(&self.catalog, table, &[], "pkey")
            }
            ConstraintBody::Key { columns, .. } => {
                default_index_name(&self.catalog, table, &texts(columns), "key")
            }
            ConstraintBody::Check { expression, .. } => {
                let columns = expression.columns();
                let single = if columns.len() == 1 { columns.as_slice() } else { &[] };
                default_constraint_name(&self.catalog, table, single, "check")
            }
            ConstraintBody::ForeignKey { columns, .. } => {
                default_constraint_name(&self.catalog, table, columns, "fkey")
            }
            ConstraintBody::Exclusion => default_index_name(&self.catalog, table, &[], "excl"),
            ConstraintBody::NotNull { column } => default_constraint_name(
                &self.catalog,
                table,
                std::slice::from_ref(column),
                "not_null",
            ),
        }
    }

    /// The name that an index has or gets.
    pub(crate) fn index_name(&self, table: &QualifiedName, index: &CreateIndex) -> Identifier {
        match &index.name {
            Some(name) => name.clone(),
            None => default_index_name(&self.catalog, table, &index.name_parts, "idx"),
        }
    }

    /// `CREATE INDEX`.
    pub(crate) fn simulate_create_index(
        &mut self,
        table: &QualifiedName,
        name: &Identifier,
        index: &CreateIndex,
    ) {
        let plain: Option<Vec<Identifier>> = index.columns.iter().cloned().collect();
        if let Some(relation) = self.catalog.relation_mut(table) {
            relation.indexes.retain(|found| &found.name != name);
            relation.indexes.push(Index {
                name: name.clone(),
                method: index.method.clone(),
                partial_or_expression: index.partial || plain.is_none(),
                columns: plain.unwrap_or_default(),
                unique: index.unique,
                primary: false,
                valid: true,
                constraint: None,
                ..Index::default()
            });
        }
    }

    /// `DROP INDEX`.
    pub(crate) fn simulate_drop_index(&mut self, table: &QualifiedName, name: &Identifier) {
        if let Some(relation) = self.catalog.relation_mut(table) {
            relation.indexes.retain(|index| &index.name != name);
        }
    }

    /// `DROP CONSTRAINT`, with the index behind it.
    pub(crate) fn simulate_drop_constraint(&mut self, table: &QualifiedName, name: &Identifier) {
        if let Some(relation) = self.catalog.relation_mut(table) {
            relation.constraints.retain(|constraint| &constraint.name != name);
            relation.indexes.retain(|index| index.constraint.as_ref() != Some(name));
        }
    }

    /// `CREATE TRIGGER`.
    pub(crate) fn simulate_create_trigger(
        &mut self,
        table: &QualifiedName,
        trigger: &CreateTrigger,
    ) {
        if let Some(relation) = self.catalog.relation_mut(table) {
            relation.triggers.retain(|found| found.name != trigger.name);
            relation.triggers.push(Trigger {
                name: trigger.name.clone(),
                before: trigger.before,
                row: trigger.row,
                on_insert: trigger.on_insert,
                on_update: trigger.on_update,
                update_columns: trigger.update_columns.clone(),
                enabled: true,
                ours: false,
            });
        }
    }

    /// Renames a constraint or an index, and what stands behind it.
    pub(crate) fn simulate_rename(
        &mut self,
        table: &QualifiedName,
        from: &Identifier,
        to: &Identifier,
    ) {
        let Some(relation) = self.catalog.relation_mut(table) else { return };
        for constraint in relation.constraints.iter_mut().filter(|found| &found.name == from) {
            constraint.name = to.clone();
        }
        for index in relation.indexes.iter_mut().filter(|found| &found.name == from) {
            index.name = to.clone();
            if index.constraint.as_ref() == Some(from) {
                index.constraint = Some(to.clone());
            }
        }
    }

    /// Renames a table that the pending migrations have made, wherever it is named.
    pub(crate) fn simulate_rename_table(&mut self, from: &QualifiedName, to: &QualifiedName) {
        if let Some(mut relation) = self.catalog.relations.remove(&from.to_string()) {
            relation.name = to.clone();
            self.catalog.insert(relation);
        }
        if self.new_relations.remove(from) {
            self.new_relations.insert(to.clone());
        }
        for other in self.catalog.relations.values_mut() {
            if other.partition_of.as_ref() == Some(from) {
                other.partition_of = Some(to.clone());
            }
            for constraint in &mut other.constraints {
                match &mut constraint.kind {
                    ConstraintKind::ForeignKey { references, .. } if references == from => {
                        *references = to.clone();
                    }
                    _ => {}
                }
            }
        }
    }

    /// One action of `ALTER TABLE`, where its effect is all that matters.
    pub(crate) fn simulate_alter(&mut self, table: &QualifiedName, action: &AlterKind) {
        match action {
            AlterKind::AddColumn { column, .. } => self.simulate_add_column(table, column),
            AlterKind::DropColumn { column, .. } => self.simulate_drop_column(table, column),
            AlterKind::SetDefault { column, default } => {
                let text = default.text.clone();
                self.simulate_column(table, column, |column| column.default = Some(text));
            }
            AlterKind::DropDefault { column } => {
                self.simulate_column(table, column, |column| column.default = None);
            }
            AlterKind::SetNotNull { column } => {
                self.simulate_column(table, column, |column| column.not_null = true);
            }
            AlterKind::DropNotNull { column } => {
                self.simulate_column(table, column, |column| column.not_null = false);
            }
            AlterKind::SetType { column, type_sql, .. } => {
                let canonical = types::canonical(type_sql);
                self.simulate_column(table, column, |column| column.type_sql = canonical);
            }
            AlterKind::AddConstraint(constraint) => {
                self.simulate_add_constraint(table, constraint, !constraint.not_valid);
            }
            AlterKind::DropConstraint { name, .. } => self.simulate_drop_constraint(table, name),
            AlterKind::RenameColumn { from, to } => {
                let to = to.clone();
                self.simulate_column(table, from, |column| column.name = to);
            }
            AlterKind::RenameConstraint { from, to } => self.simulate_rename(table, from, to),
            AlterKind::AttachPartition { part } => {
                let part = self.resolve(part);
                if let Some(relation) = self.catalog.relation_mut(&part) {
                    relation.partition_of = Some(table.clone());
                }
            }
            AlterKind::NoForceRowSecurity => {
                if let Some(relation) = self.catalog.relation_mut(table)
                    && relation.row_security == RowSecurity::Forced
                {
                    relation.row_security = RowSecurity::Enabled;
                }
            }
            AlterKind::ReplicaIdentityFull => {
                if let Some(relation) = self.catalog.relation_mut(table) {
                    relation.replica_identity = ReplicaIdentity::Full;
                }
            }
            AlterKind::EnableTrigger { name, enabled } => {
                if let Some(relation) = self.catalog.relation_mut(table) {
                    let triggers = relation.triggers.iter_mut();
                    for trigger in triggers.filter(|trigger| &trigger.name == name) {
                        trigger.enabled = *enabled;
                    }
                }
            }
            AlterKind::ValidateConstraint { .. }
            | AlterKind::Tune
            | AlterKind::OwnerTo
            | AlterKind::RenameTable { .. }
            | AlterKind::SetSchema
            | AlterKind::RowSecurity
            | AlterKind::NotUnderstood(_) => {}
        }
    }
}
