//! `ENABLE TRIGGER` and `DISABLE TRIGGER`: whether a trigger fires.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::Catalog,
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `ENABLE TRIGGER` or `DISABLE TRIGGER`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnableTrigger {
    /// The table.
    pub table: QualifiedName,
    /// The trigger.
    pub trigger: Identifier,
    /// Whether it fires from now on.
    pub enabled: bool,
}

impl Kind for EnableTrigger {
    fn render(&self) -> Vec<String> {
        let verb = if self.enabled { "ENABLE" } else { "DISABLE" };
        vec![format!("ALTER TABLE {} {verb} TRIGGER {}", self.table, self.trigger)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if let Some(relation) = catalog.relation_mut(&self.table) {
            for trigger in relation.triggers.iter_mut().filter(|found| found.name == self.trigger) {
                trigger.enabled = self.enabled;
            }
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::one(Self { enabled: !self.enabled, ..self.clone() })
    }

    fn facts(&self, _: &Catalog) -> Facts {
        let facts = Facts::default().lock(&self.table, LockMode::ShareRowExclusive);
        if self.enabled { facts } else { facts.breaks(Break::Writes) }
    }

    fn effects(&self) -> Effects {
        Effects::default().needs([Subject::Trigger(self.table.clone(), self.trigger.clone())])
    }
}
