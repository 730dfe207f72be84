//! `CREATE TABLE`: a table that no older release knows.

use super::{DropRelation, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Relation},
    identifier::QualifiedName,
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `CREATE TABLE`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreateTable {
    /// The statement as the author wrote it.
    pub sql: String,
    /// The table as the catalog will show it.
    pub relation: Box<Relation>,
    /// Tables that were there before and are locked: those that foreign keys point to, parents,
    /// sources of `LIKE`.
    pub locks: Vec<(QualifiedName, LockMode)>,
}

// Estimates of rows make `Relation` compare by value; there is no NaN in it.
impl Eq for CreateTable {}

impl Kind for CreateTable {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, catalog: &mut Catalog) {
        catalog.insert((*self.relation).clone());
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::one(DropRelation {
            name: self.relation.name.clone(),
            kind: self.relation.kind,
            if_exists: true,
        })
    }

    fn facts(&self, _: &Catalog) -> Facts {
        self.locks
            .iter()
            .fold(Facts::default(), |facts, (relation, mode)| facts.lock(relation, *mode))
    }

    fn effects(&self) -> Effects {
        Effects::default()
            .needs(self.locks.iter().map(|(relation, _)| Subject::Relation(relation.clone())))
            .makes(Subject::Relation(self.relation.name.clone()))
    }
}
