//! `DROP TABLE`, `DROP VIEW`, `DROP MATERIALIZED VIEW`, `DROP SEQUENCE`.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Object, Relation, RelationKind},
    identifier::QualifiedName,
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `DROP` of a relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropRelation {
    /// The relation.
    pub name: QualifiedName,
    /// What it is.
    pub kind: RelationKind,
    /// Whether it may be gone already.
    #[serde(default)]
    pub if_exists: bool,
}

impl Kind for DropRelation {
    fn render(&self) -> Vec<String> {
        let word = match self.kind {
            RelationKind::View => "VIEW",
            RelationKind::MaterializedView => "MATERIALIZED VIEW",
            RelationKind::Sequence => "SEQUENCE",
            RelationKind::ForeignTable => "FOREIGN TABLE",
            RelationKind::Table | RelationKind::PartitionedTable => "TABLE",
        };
        let if_exists = if self.if_exists { "IF EXISTS " } else { "" };
        vec![format!("DROP {word} {if_exists}{}", self.name)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        catalog.relations.remove(&self.name.to_string());
        catalog.forget(&Object::Relation { name: self.name.clone() });
        catalog.change_relations(
            |other| other.views.contains(&self.name),
            |other| other.views.retain(|view| view != &self.name),
        );
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Lost
    }

    fn facts(&self, catalog: &Catalog) -> Facts {
        let facts = Facts::default()
            .lock(&self.name, LockMode::AccessExclusive)
            .breaks(Break::Reads)
            .breaks(Break::Writes);
        // A sequence that belongs to a column locks the column's table.
        let owns = |relation: &&Relation| {
            relation.columns.iter().any(|column| column.sequence.as_ref() == Some(&self.name))
        };
        let owners = catalog.every_relation().filter(owns).map(|relation| &relation.name);
        let facts = facts.lock_all(owners, LockMode::AccessExclusive);
        let Some(relation) = catalog.relation(&self.name) else { return facts };
        let facts =
            facts.lock_all(&relation.referenced_by_keys(|_| true), LockMode::AccessExclusive);
        // Sequences of its columns go with it.
        let sequences = relation.columns.iter().filter_map(|column| column.sequence.as_ref());
        let facts = facts.lock_all(sequences, LockMode::AccessExclusive);
        facts.lock_all(&relation.partition_of, LockMode::AccessExclusive)
    }

    fn effects(&self) -> Effects {
        Effects::default().removes(Subject::Relation(self.name.clone()))
    }
}
