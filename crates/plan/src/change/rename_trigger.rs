//! `ALTER TRIGGER … RENAME`: only the order in which a table's triggers fire may change.

use super::{Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::Catalog,
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `ALTER TRIGGER … RENAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameTrigger {
    /// The table.
    pub table: QualifiedName,
    /// Its name until now.
    pub from: Identifier,
    /// Its new name.
    pub to: Identifier,
}

impl Kind for RenameTrigger {
    fn render(&self) -> Vec<String> {
        vec![format!("ALTER TRIGGER {} ON {} RENAME TO {}", self.from, self.table, self.to)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if let Some(relation) = catalog.relation_mut(&self.table) {
            for trigger in relation.triggers.iter_mut().filter(|found| found.name == self.from) {
                trigger.name = self.to.clone();
            }
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::one(Self { from: self.to.clone(), to: self.from.clone(), ..self.clone() })
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default().lock(&self.table, LockMode::AccessExclusive)
    }

    fn effects(&self) -> Effects {
        Effects::default()
            .removes(Subject::Trigger(self.table.clone(), self.from.clone()))
            .makes(Subject::Trigger(self.table.clone(), self.to.clone()))
    }
}
