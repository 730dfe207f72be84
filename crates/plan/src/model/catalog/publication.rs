//! Publications: what logical replication sends. SQL: `sql/publications.sql`.

use super::{Catalog, Persistence, Relation, RelationKind, ReplicaIdentity};
use crate::model::identifier::{Identifier, QualifiedName};
use serde::{Deserialize, Serialize};

/// One publication.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the catalog's own columns")]
pub struct Publication {
    /// Its name.
    pub name: Identifier,
    /// Whether it is `FOR ALL TABLES`.
    pub all_tables: bool,
    /// Schemas whose tables it has.
    pub schemas: Vec<Identifier>,
    /// Tables that it names.
    pub tables: Vec<PublishedTable>,
    /// Whether it sends inserts.
    pub inserts: bool,
    /// Whether it sends updates.
    pub updates: bool,
    /// Whether it sends deletes.
    pub deletes: bool,
    /// Whether it sends truncates.
    pub truncates: bool,
}

/// A table that a publication names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedTable {
    /// The table.
    pub table: QualifiedName,
    /// The columns, where it lists them; empty means all.
    pub columns: Vec<Identifier>,
    /// Its row filter.
    pub filter: Option<String>,
}

impl Publication {
    /// Whether it sends changes of the relation, itself or through a partitioned table above it.
    pub fn has(&self, catalog: &Catalog, relation: &Relation) -> bool {
        let real = matches!(relation.kind, RelationKind::Table | RelationKind::PartitionedTable)
            && relation.persistence == Persistence::Permanent;
        let named = |name: &QualifiedName| {
            self.schemas.contains(&name.schema)
                || self.tables.iter().any(|published| &published.table == name)
        };
        real && (self.all_tables
            || named(&relation.name)
            || catalog.ancestors(relation).iter().any(named))
    }
}

impl Relation {
    /// Whether logical replication can tell which row was updated or deleted.
    pub fn has_replica_identity(&self) -> bool {
        match &self.replica_identity {
            ReplicaIdentity::Full => true,
            ReplicaIdentity::Nothing => false,
            ReplicaIdentity::Default => {
                self.indexes.iter().any(|index| index.primary && index.valid && !index.deferrable)
            }
            ReplicaIdentity::Index(name) => {
                self.indexes.iter().any(|index| &index.name == name && index.valid)
            }
        }
    }
}
