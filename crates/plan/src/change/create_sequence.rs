//! `CREATE SEQUENCE`.

use super::{DropRelation, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Relation, RelationKind},
    identifier::QualifiedName,
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `CREATE SEQUENCE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateSequence {
    /// The sequence.
    pub name: QualifiedName,
    /// The table that owns it, where one does.
    pub owned_by: Vec<QualifiedName>,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl Kind for CreateSequence {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if catalog.relation(&self.name).is_none() {
            catalog.insert(Relation::new(&self.name, RelationKind::Sequence));
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::one(DropRelation {
            name: self.name.clone(),
            kind: RelationKind::Sequence,
            if_exists: true,
        })
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default().lock_all(&self.owned_by, LockMode::AccessShare)
    }

    fn effects(&self) -> Effects {
        Effects::default()
            .needs(self.owned_by.iter().map(|table| Subject::Relation(table.clone())))
            .makes(Subject::Relation(self.name.clone()))
    }
}
