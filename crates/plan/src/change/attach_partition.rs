//! `ATTACH PARTITION`: scans the part under its lock, unless it is empty or a CHECK proves its bounds.

use super::{Effects, Facts, Inverse, Kind, Subject};
use crate::model::{catalog::Catalog, identifier::QualifiedName, lock::LockMode};
use serde::{Deserialize, Serialize};

/// `ALTER TABLE … ATTACH PARTITION`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachPartition {
    /// The partitioned table.
    pub table: QualifiedName,
    /// The part.
    pub part: QualifiedName,
    /// The action as the author wrote it: `ATTACH PARTITION … FOR VALUES …`.
    pub action: String,
}

impl Kind for AttachPartition {
    fn render(&self) -> Vec<String> {
        vec![format!("ALTER TABLE {} {}", self.table, self.action)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if let Some(part) = catalog.relation_mut(&self.part) {
            part.partition_of = Some(self.table.clone());
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        // A part without rows of the older release's stays where it is; rows in it keep their home.
        Inverse::Stays
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default()
            .lock(&self.table, LockMode::ShareUpdateExclusive)
            .lock(&self.part, LockMode::AccessExclusive)
            .scans(&self.part)
    }

    fn effects(&self) -> Effects {
        Effects::default()
            .needs([Subject::Relation(self.table.clone()), Subject::Relation(self.part.clone())])
    }
}
