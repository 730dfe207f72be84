//! `RENAME TO` of a table or view, wherever it is named.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, ConstraintKind, Relation},
    identifier::QualifiedName,
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `ALTER … RENAME TO`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameRelation {
    /// Its name until now.
    pub from: QualifiedName,
    /// Its new name, in the same schema.
    pub to: QualifiedName,
}

impl Kind for RenameRelation {
    fn render(&self) -> Vec<String> {
        vec![format!("ALTER TABLE {} RENAME TO {}", self.from, self.to.name)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        let Self { from, to } = self;
        if let Some(mut relation) = catalog.relations.remove(&from.to_string()) {
            relation.name = to.clone();
            catalog.insert(relation.into_inner());
        }
        let names_it = |other: &Relation| {
            other.partition_of.as_ref() == Some(from)
                || other.views.contains(from)
                || other.constraints.iter().any(|found| found.references() == Some(from))
        };
        catalog.change_relations(names_it, |other| {
            if other.partition_of.as_ref() == Some(from) {
                other.partition_of = Some(to.clone());
            }
            for view in other.views.iter_mut().filter(|view| *view == from) {
                *view = to.clone();
            }
            for constraint in &mut other.constraints {
                match &mut constraint.kind {
                    ConstraintKind::ForeignKey { references, .. } if references == from => {
                        *references = to.clone();
                    }
                    _ => {}
                }
            }
        });
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::one(Self { from: self.to.clone(), to: self.from.clone() })
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default()
            .lock(&self.from, LockMode::AccessExclusive)
            .breaks(Break::Reads)
            .breaks(Break::Writes)
    }

    fn effects(&self) -> Effects {
        Effects::default()
            .removes(Subject::Relation(self.from.clone()))
            .makes(Subject::Relation(self.to.clone()))
    }
}
