//! `ENABLE`, `DISABLE`, `FORCE`, `NO FORCE ROW LEVEL SECURITY`.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{catalog::Catalog, identifier::QualifiedName, lock::LockMode};
use serde::{Deserialize, Serialize};

/// `ENABLE`, `DISABLE`, `FORCE`, `NO FORCE ROW LEVEL SECURITY`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRowSecurity {
    /// The table.
    pub table: QualifiedName,
    /// The action as the author wrote it.
    pub action: String,
}

impl Kind for ChangeRowSecurity {
    fn render(&self) -> Vec<String> {
        vec![format!("ALTER TABLE {} {}", self.table, self.action)]
    }

    fn apply(&self, _: &mut Catalog) {}

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Lost
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default()
            .lock(&self.table, LockMode::AccessExclusive)
            .breaks(Break::Reads)
            .breaks(Break::Writes)
    }

    fn effects(&self) -> Effects {
        Effects::default().needs([Subject::Relation(self.table.clone())])
    }
}
