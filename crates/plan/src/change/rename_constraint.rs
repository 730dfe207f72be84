//! Renaming of a constraint or an index, and of what stands behind it.

use super::{Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::Catalog,
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `RENAME CONSTRAINT`, `ALTER INDEX … RENAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameConstraint {
    /// The table.
    pub table: QualifiedName,
    /// Its name until now.
    pub from: Identifier,
    /// Its new name.
    pub to: Identifier,
    /// Whether it is an index of its own.
    pub index: bool,
}

impl RenameConstraint {
    fn subject(&self, name: &Identifier) -> Subject {
        if self.index {
            let schema = self.table.schema.clone();
            Subject::Index(QualifiedName { schema, name: name.clone() })
        } else {
            Subject::Constraint(self.table.clone(), name.clone())
        }
    }
}

impl Kind for RenameConstraint {
    fn render(&self) -> Vec<String> {
        let Self { table, from, to, .. } = self;
        if self.index {
            return vec![format!("ALTER INDEX {}.{from} RENAME TO {to}", table.schema)];
        }
        vec![format!("ALTER TABLE {table} RENAME CONSTRAINT {from} TO {to}")]
    }

    fn apply(&self, catalog: &mut Catalog) {
        let Some(relation) = catalog.relation_mut(&self.table) else { return };
        for constraint in relation.constraints.iter_mut().filter(|found| found.name == self.from) {
            constraint.name = self.to.clone();
        }
        for index in relation.indexes.iter_mut().filter(|found| found.name == self.from) {
            index.name = self.to.clone();
            if index.constraint.as_ref() == Some(&self.from) {
                index.constraint = Some(self.to.clone());
            }
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::one(Self { from: self.to.clone(), to: self.from.clone(), ..self.clone() })
    }

    fn facts(&self, _: &Catalog) -> Facts {
        // Of an index only the index itself is locked.
        if self.index {
            return Facts::default();
        }
        Facts::default().lock(&self.table, LockMode::AccessExclusive)
    }

    fn effects(&self) -> Effects {
        Effects::default()
            .needs([Subject::Relation(self.table.clone())])
            .removes(self.subject(&self.from))
            .makes(self.subject(&self.to))
    }
}
