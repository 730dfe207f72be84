//! `SET STATISTICS`, `SET (…)`, `SET STORAGE`: tuning of a column or table.

use super::{Effects, Facts, Inverse, Kind, Subject};
use crate::model::{catalog::Catalog, identifier::QualifiedName, lock::LockMode};
use serde::{Deserialize, Serialize};

/// `SET STATISTICS`, `SET (…)`, `SET STORAGE`: tuning of a column or table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TuneTable {
    /// The table.
    pub table: QualifiedName,
    /// The action as the author wrote it.
    pub action: String,
}

impl Kind for TuneTable {
    fn render(&self) -> Vec<String> {
        vec![format!("ALTER TABLE {} {}", self.table, self.action)]
    }

    fn apply(&self, _: &mut Catalog) {}

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Stays
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default().lock(&self.table, LockMode::ShareUpdateExclusive)
    }

    fn effects(&self) -> Effects {
        Effects::default().needs([Subject::Relation(self.table.clone())])
    }
}
