//! `DROP CONSTRAINT`, with the index behind it.

use super::{AddConstraint, Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Constraint, ConstraintKind},
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `ALTER TABLE … DROP CONSTRAINT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropConstraint {
    /// The table.
    pub table: QualifiedName,
    /// The constraint.
    pub name: Identifier,
    /// Whether it may be gone already.
    #[serde(default)]
    pub if_exists: bool,
}

impl DropConstraint {
    fn found<'a>(&self, catalog: &'a Catalog) -> Option<&'a Constraint> {
        let relation = catalog.relation(&self.table)?;
        relation.constraints.iter().find(|constraint| constraint.name == self.name)
    }
}

impl Kind for DropConstraint {
    fn render(&self) -> Vec<String> {
        let if_exists = if self.if_exists { "IF EXISTS " } else { "" };
        vec![format!("ALTER TABLE {} DROP CONSTRAINT {if_exists}{}", self.table, self.name)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if let Some(relation) = catalog.relation_mut(&self.table) {
            relation.constraints.retain(|constraint| constraint.name != self.name);
            relation.indexes.retain(|index| index.constraint.as_ref() != Some(&self.name));
        }
    }

    fn invert(&self, before: &Catalog) -> Inverse {
        let Some(constraint) = self.found(before) else { return Inverse::Stays };
        match constraint.kind {
            // Rows that break it may have been written meanwhile, so it comes back NOT VALID.
            ConstraintKind::Check | ConstraintKind::ForeignKey { .. }
                if !constraint.definition.is_empty() =>
            {
                Inverse::one(AddConstraint {
                    table: self.table.clone(),
                    constraint: Constraint { validated: false, ..constraint.clone() },
                    using_index: None,
                    look: None,
                })
            }
            ConstraintKind::NotNull | ConstraintKind::Exclusion => Inverse::Stays,
            _ => Inverse::Lost,
        }
    }

    fn facts(&self, catalog: &Catalog) -> Facts {
        let facts = Facts::default().lock(&self.table, LockMode::AccessExclusive);
        match self.found(catalog).map(|constraint| &constraint.kind) {
            Some(ConstraintKind::ForeignKey { references, acts }) => {
                let facts = facts.lock(references, LockMode::AccessExclusive);
                if *acts { facts.breaks(Break::Writes) } else { facts }
            }
            Some(ConstraintKind::PrimaryKey | ConstraintKind::Unique) => {
                facts.breaks(Break::Writes)
            }
            _ => facts,
        }
    }

    fn effects(&self) -> Effects {
        Effects::default().removes(Subject::Constraint(self.table.clone(), self.name.clone()))
    }
}
