//! `RENAME COLUMN`.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::Catalog,
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `ALTER TABLE … RENAME COLUMN`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameColumn {
    /// The table.
    pub table: QualifiedName,
    /// Its name until now.
    pub from: Identifier,
    /// Its new name.
    pub to: Identifier,
}

impl Kind for RenameColumn {
    fn render(&self) -> Vec<String> {
        vec![format!("ALTER TABLE {} RENAME COLUMN {} TO {}", self.table, self.from, self.to)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        let Some(relation) = catalog.relation_mut(&self.table) else { return };
        let rename = |name: &mut Identifier| {
            if *name == self.from {
                *name = self.to.clone();
            }
        };
        relation.columns.iter_mut().for_each(|column| rename(&mut column.name));
        relation.indexes.iter_mut().flat_map(|index| &mut index.columns).for_each(rename);
        let constraints = relation.constraints.iter_mut();
        constraints.flat_map(|constraint| &mut constraint.columns).for_each(rename);
        relation
            .triggers
            .iter_mut()
            .flat_map(|trigger| &mut trigger.update_columns)
            .for_each(rename);
        relation.partition_key.iter_mut().for_each(rename);
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::one(Self {
            table: self.table.clone(),
            from: self.to.clone(),
            to: self.from.clone(),
        })
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default()
            .lock(&self.table, LockMode::AccessExclusive)
            .breaks(Break::Reads)
            .breaks(Break::Writes)
    }

    fn effects(&self) -> Effects {
        Effects::default()
            .needs([Subject::Relation(self.table.clone())])
            .removes(Subject::Column(self.table.clone(), self.from.clone()))
            .makes(Subject::Column(self.table.clone(), self.to.clone()))
    }
}
