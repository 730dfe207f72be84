//! `CREATE SCHEMA`, `EXTENSION`, `STATISTICS`, `COLLATION`: adds, and disturbs nobody.

use super::{Effects, Facts, Inverse, Kind, Subject};
use crate::model::{catalog::Catalog, identifier::QualifiedName, lock::LockMode};
use serde::{Deserialize, Serialize};

/// `CREATE` of something that only adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateOther {
    /// `schema`, `extension`, …
    pub object: String,
    /// Relations that it belongs to.
    pub relations: Vec<QualifiedName>,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl Kind for CreateOther {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, _: &mut Catalog) {}

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Stays
    }

    fn facts(&self, _: &Catalog) -> Facts {
        let mode = match self.object.as_str() {
            "statistics" => LockMode::ShareUpdateExclusive,
            _ => LockMode::AccessShare,
        };
        Facts::default().lock_all(&self.relations, mode)
    }

    fn effects(&self) -> Effects {
        let relations = self.relations.iter();
        Effects::default().needs(relations.map(|name| Subject::Relation(name.clone())))
    }
}
