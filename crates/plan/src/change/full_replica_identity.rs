//! `REPLICA IDENTITY FULL`: logical replication is given the whole old row, so no write is rejected.

use super::{Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, ReplicaIdentity},
    identifier::QualifiedName,
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `REPLICA IDENTITY FULL`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FullReplicaIdentity {
    /// The table.
    pub table: QualifiedName,
}

impl Kind for FullReplicaIdentity {
    fn render(&self) -> Vec<String> {
        vec![format!("ALTER TABLE {} REPLICA IDENTITY FULL", self.table)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if let Some(relation) = catalog.relation_mut(&self.table) {
            relation.replica_identity = ReplicaIdentity::Full;
        }
    }

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
