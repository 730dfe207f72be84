//! `DROP INDEX`, plain or concurrently.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{catalog::Catalog, identifier::QualifiedName, lock::LockMode};
use serde::{Deserialize, Serialize};

/// `DROP INDEX`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropIndex {
    /// The table that it is on.
    pub table: QualifiedName,
    /// The index.
    pub index: QualifiedName,
    /// Whether reads and writes go on meanwhile.
    #[serde(default)]
    pub concurrently: bool,
    /// Whether it may be gone already.
    #[serde(default)]
    pub if_exists: bool,
}

impl Kind for DropIndex {
    fn render(&self) -> Vec<String> {
        let concurrently = if self.concurrently { "CONCURRENTLY " } else { "" };
        let if_exists = if self.if_exists { "IF EXISTS " } else { "" };
        vec![format!("DROP INDEX {concurrently}{if_exists}{}", self.index)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if let Some(relation) = catalog.relation_mut(&self.table) {
            relation.indexes.retain(|index| index.name != self.index.name);
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Lost
    }

    fn facts(&self, catalog: &Catalog) -> Facts {
        let mode = if self.concurrently {
            LockMode::ShareUpdateExclusive
        } else {
            LockMode::AccessExclusive
        };
        let mut facts = Facts::default().lock(&self.table, mode);
        facts.outside_transaction = self.concurrently;
        let relation = catalog.relation(&self.table);
        let unique = relation.is_some_and(|relation| {
            relation.indexes.iter().any(|found| found.name == self.index.name && found.unique)
        });
        // `ON CONFLICT` of an older release may name it.
        if unique { facts.breaks(Break::Writes) } else { facts }
    }

    fn effects(&self) -> Effects {
        Effects::default().removes(Subject::Index(self.index.clone()))
    }
}
