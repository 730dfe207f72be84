//! `OWNER TO`.

use super::{Effects, Facts, Inverse, Kind, Subject};
use crate::model::{catalog::Catalog, identifier::QualifiedName, lock::LockMode};
use serde::{Deserialize, Serialize};

/// `OWNER TO`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlterOwner {
    /// The table.
    pub table: QualifiedName,
    /// The action as the author wrote it.
    pub action: String,
}

impl Kind for AlterOwner {
    fn render(&self) -> Vec<String> {
        vec![format!("ALTER TABLE {} {}", self.table, self.action)]
    }

    fn apply(&self, _: &mut Catalog) {}

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Stays
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default().lock(&self.table, LockMode::AccessExclusive)
    }

    fn effects(&self) -> Effects {
        Effects::default().needs([Subject::Relation(self.table.clone())])
    }
}
