//! `CREATE TRIGGER`: fires for what every release writes, from now on.

use super::{Break, DropTrigger, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Trigger},
    identifier::QualifiedName,
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `CREATE TRIGGER`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateTrigger {
    /// The table.
    pub table: QualifiedName,
    /// The trigger as the catalog will show it.
    pub trigger: Trigger,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl Kind for CreateTrigger {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if let Some(relation) = catalog.relation_mut(&self.table) {
            relation.triggers.retain(|found| found.name != self.trigger.name);
            relation.triggers.push(self.trigger.clone());
        }
    }

    fn invert(&self, before: &Catalog) -> Inverse {
        let relation = before.relation(&self.table);
        let replaces = relation.is_some_and(|relation| {
            relation.triggers.iter().any(|found| found.name == self.trigger.name)
        });
        if replaces {
            return Inverse::Lost;
        }
        Inverse::one(DropTrigger {
            table: self.table.clone(),
            trigger: self.trigger.name.clone(),
            if_exists: true,
        })
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default().lock(&self.table, LockMode::ShareRowExclusive).breaks(Break::Writes)
    }

    fn effects(&self) -> Effects {
        Effects::default()
            .needs([Subject::Relation(self.table.clone())])
            .makes(Subject::Trigger(self.table.clone(), self.trigger.name.clone()))
    }
}
