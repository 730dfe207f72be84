//! `ADD CONSTRAINT`: of any kind, valid at once or `NOT VALID`.
//!
//! A foreign key locks the table that it points to; what is valid at once scans its table.

use super::{Break, DropConstraint, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Constraint, ConstraintKind, Index},
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `ALTER TABLE … ADD CONSTRAINT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddConstraint {
    /// The table.
    pub table: QualifiedName,
    /// The constraint; its definition is the SQL after the name, without `NOT VALID`.
    pub constraint: Constraint,
    /// For a key: the index that it takes over, which gets the constraint's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub using_index: Option<Identifier>,
    /// The query for rows that break it; one row for each of a few, with its key and their number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<String>,
}

impl AddConstraint {
    pub(crate) fn is_foreign_key(&self) -> bool {
        matches!(self.constraint.kind, ConstraintKind::ForeignKey { .. })
    }

    fn is_key(&self) -> bool {
        matches!(self.constraint.kind, ConstraintKind::PrimaryKey | ConstraintKind::Unique)
    }

    fn index(&self) -> Index {
        let primary = self.constraint.kind == ConstraintKind::PrimaryKey;
        Index {
            name: self.constraint.name.clone(),
            method: "btree".to_owned(),
            columns: self.constraint.columns.clone(),
            unique: true,
            primary,
            valid: true,
            partial_or_expression: false,
            constraint: Some(self.constraint.name.clone()),
            ..Index::default()
        }
    }
}

impl Kind for AddConstraint {
    fn render(&self) -> Vec<String> {
        let Constraint { name, definition, validated, .. } = &self.constraint;
        let not_valid =
            if *validated || definition.ends_with("NOT VALID") { "" } else { " NOT VALID" };
        vec![format!("ALTER TABLE {} ADD CONSTRAINT {name} {definition}{not_valid}", self.table)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        let Some(relation) = catalog.relation_mut(&self.table) else { return };
        let name = &self.constraint.name;
        relation.constraints.retain(|found| &found.name != name);
        relation.constraints.push(self.constraint.clone());
        let not_null =
            matches!(self.constraint.kind, ConstraintKind::PrimaryKey | ConstraintKind::NotNull);
        for column in relation.columns.iter_mut().filter(|_| not_null) {
            column.not_null |= self.constraint.columns.contains(&column.name);
        }
        if self.is_key() {
            let taken = self.using_index.as_ref();
            let was = relation.indexes.iter().find(|index| Some(&index.name) == taken).cloned();
            relation.indexes.retain(|index| &index.name != name && Some(&index.name) != taken);
            let mut index = self.index();
            // The index that is taken over knows its columns; `USING INDEX` does not name them.
            if let Some(was) = was.filter(|_| index.columns.is_empty()) {
                index.columns = was.columns;
            }
            relation.indexes.push(index);
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::one(DropConstraint {
            table: self.table.clone(),
            name: self.constraint.name.clone(),
            if_exists: true,
        })
    }

    fn facts(&self, _: &Catalog) -> Facts {
        let facts = Facts::default().breaks(Break::Writes);
        let facts = match &self.constraint.kind {
            ConstraintKind::ForeignKey { references, .. } => {
                let facts = facts.lock(&self.table, LockMode::ShareRowExclusive);
                facts.lock(references, LockMode::ShareRowExclusive)
            }
            _ => facts.lock(&self.table, LockMode::AccessExclusive),
        };
        let checks_rows = match self.constraint.kind {
            ConstraintKind::PrimaryKey | ConstraintKind::Unique => self.using_index.is_none(),
            _ => self.constraint.validated,
        };
        if checks_rows { facts.scans(&self.table) } else { facts }
    }

    fn effects(&self) -> Effects {
        let table = &self.table;
        let mut effects = Effects::default()
            .needs([Subject::Relation(table.clone())])
            .makes(Subject::Constraint(table.clone(), self.constraint.name.clone()));
        for column in &self.constraint.columns {
            effects = effects.needs([
                Subject::Column(table.clone(), column.clone()),
                Subject::Filled(table.clone(), column.clone()),
            ]);
        }
        if let ConstraintKind::ForeignKey { references, .. } = &self.constraint.kind {
            effects = effects.needs([Subject::Relation(references.clone())]);
        }
        if let Some(index) = &self.using_index {
            let schema = table.schema.clone();
            effects =
                effects.needs([Subject::Index(QualifiedName { schema, name: index.clone() })]);
        }
        effects
    }
}
