//! `ALTER SEQUENCE` other than renaming.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{catalog::Catalog, identifier::QualifiedName, lock::LockMode};
use serde::{Deserialize, Serialize};

/// `ALTER SEQUENCE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlterSequence {
    /// The sequence.
    pub name: QualifiedName,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl Kind for AlterSequence {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, _: &mut Catalog) {}

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Lost
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default().lock(&self.name, LockMode::ShareRowExclusive).breaks(Break::Writes)
    }

    fn effects(&self) -> Effects {
        Effects::default().needs([Subject::Relation(self.name.clone())])
    }
}
