//! `VALIDATE CONSTRAINT`: a scan that blocks neither reads nor writes.

use super::{Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, ConstraintKind},
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `ALTER TABLE … VALIDATE CONSTRAINT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidateConstraint {
    /// The table.
    pub table: QualifiedName,
    /// The constraint.
    pub constraint: Identifier,
}

impl Kind for ValidateConstraint {
    fn render(&self) -> Vec<String> {
        vec![format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", self.table, self.constraint)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        let Some(relation) = catalog.relation_mut(&self.table) else { return };
        for constraint in &mut relation.constraints {
            if constraint.name == self.constraint {
                constraint.validated = true;
                let definition = constraint.definition.trim_end_matches("NOT VALID").trim_end();
                constraint.definition = definition.to_owned();
            }
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Stays
    }

    fn facts(&self, catalog: &Catalog) -> Facts {
        let facts =
            Facts::default().lock(&self.table, LockMode::ShareUpdateExclusive).scans(&self.table);
        let relation = catalog.relation(&self.table);
        let constraint = relation.and_then(|relation| {
            relation.constraints.iter().find(|found| found.name == self.constraint)
        });
        match constraint.map(|constraint| &constraint.kind) {
            Some(ConstraintKind::ForeignKey { references, .. }) if references != &self.table => {
                facts.lock(references, LockMode::RowShare)
            }
            _ => facts,
        }
    }

    fn effects(&self) -> Effects {
        let subject = Subject::Constraint(self.table.clone(), self.constraint.clone());
        Effects::default().needs([subject.clone()]).makes(subject)
    }
}
