//! `DROP TRIGGER`.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Trigger},
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `DROP TRIGGER`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropTrigger {
    /// The table.
    pub table: QualifiedName,
    /// The trigger.
    pub trigger: Identifier,
    /// Whether it may be gone already.
    #[serde(default)]
    pub if_exists: bool,
}

impl DropTrigger {
    pub(crate) fn stands(&self, catalog: &Catalog) -> bool {
        let is_it = |trigger: &Trigger| trigger.name == self.trigger;
        catalog.relation(&self.table).is_some_and(|table| table.triggers.iter().any(is_it))
    }
}

impl Kind for DropTrigger {
    fn render(&self) -> Vec<String> {
        let if_exists = if self.if_exists { "IF EXISTS " } else { "" };
        vec![format!("DROP TRIGGER {if_exists}{} ON {}", self.trigger, self.table)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if let Some(relation) = catalog.relation_mut(&self.table) {
            relation.triggers.retain(|trigger| trigger.name != self.trigger);
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Lost
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default().lock(&self.table, LockMode::AccessExclusive).breaks(Break::Writes)
    }

    fn effects(&self) -> Effects {
        Effects::default().removes(Subject::Trigger(self.table.clone(), self.trigger.clone()))
    }
}
