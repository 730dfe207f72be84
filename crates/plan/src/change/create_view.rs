//! `CREATE VIEW` and `CREATE MATERIALIZED VIEW`.

use super::{Break, DropRelation, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Relation, RelationKind},
    identifier::QualifiedName,
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `CREATE VIEW`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateView {
    /// The view.
    pub name: QualifiedName,
    /// Whether it is a materialised one.
    pub materialized: bool,
    /// The relations that it reads.
    pub reads: Vec<QualifiedName>,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl CreateView {
    fn kind(&self) -> RelationKind {
        if self.materialized { RelationKind::MaterializedView } else { RelationKind::View }
    }
}

impl Kind for CreateView {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if catalog.relation(&self.name).is_none() {
            catalog.insert(Relation::new(&self.name, self.kind()));
        }
        for read in &self.reads {
            if let Some(found) = catalog.relation_mut(read)
                && !found.views.contains(&self.name)
            {
                found.views.push(self.name.clone());
            }
        }
    }

    fn invert(&self, before: &Catalog) -> Inverse {
        match before.relation(&self.name) {
            // What it replaced is not known.
            Some(_) => Inverse::Lost,
            None => Inverse::one(DropRelation {
                name: self.name.clone(),
                kind: self.kind(),
                if_exists: true,
            }),
        }
    }

    fn facts(&self, catalog: &Catalog) -> Facts {
        let facts = Facts::default().lock_all(&self.reads, LockMode::AccessShare);
        if catalog.relation(&self.name).is_some() {
            facts.lock(&self.name, LockMode::AccessExclusive).breaks(Break::Reads)
        } else {
            facts
        }
    }

    fn effects(&self) -> Effects {
        Effects::default()
            .needs(self.reads.iter().map(|read| Subject::Relation(read.clone())))
            .makes(Subject::Relation(self.name.clone()))
    }
}
