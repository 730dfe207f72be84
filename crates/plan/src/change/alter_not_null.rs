//! `SET NOT NULL` and `DROP NOT NULL`.
//!
//! `SET` scans the table under its lock unless a validated CHECK proves that no row is NULL.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, ConstraintKind, Relation},
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `ALTER COLUMN … SET NOT NULL` or `DROP NOT NULL`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlterNotNull {
    /// The table.
    pub table: QualifiedName,
    /// The column.
    pub column: Identifier,
    /// Whether it is NOT NULL from now on.
    pub not_null: bool,
}

impl AlterNotNull {
    /// Whether a validated `CHECK (column IS NOT NULL)` spares the server the scan.
    fn is_proven(&self, relation: &Relation) -> bool {
        let proof = format!("{} IS NOT NULL", self.column);
        let plain = format!("{} IS NOT NULL", self.column.as_str());
        relation.constraints.iter().any(|constraint| {
            constraint.kind == ConstraintKind::Check
                && constraint.validated
                && (constraint.definition.contains(&proof)
                    || constraint.definition.contains(&plain))
        })
    }
}

impl Kind for AlterNotNull {
    fn render(&self) -> Vec<String> {
        let verb = if self.not_null { "SET" } else { "DROP" };
        vec![format!("ALTER TABLE {} ALTER COLUMN {} {verb} NOT NULL", self.table, self.column)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if let Some(column) = catalog.column_mut(&self.table, &self.column) {
            column.not_null = self.not_null;
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        if self.not_null {
            Inverse::one(Self { not_null: false, ..self.clone() })
        } else {
            // Rows written meanwhile may hold NULL, so NOT NULL cannot simply be put back.
            Inverse::Stays
        }
    }

    fn facts(&self, catalog: &Catalog) -> Facts {
        let facts = Facts::default().lock(&self.table, LockMode::AccessExclusive);
        if !self.not_null {
            return facts;
        }
        let facts = facts.breaks(Break::Writes);
        match catalog.relation(&self.table) {
            Some(relation)
                if relation.column(&self.column).is_some_and(|found| found.not_null)
                    || self.is_proven(relation) =>
            {
                facts
            }
            _ => facts.scans(&self.table),
        }
    }

    fn effects(&self) -> Effects {
        let (table, column) = (self.table.clone(), self.column.clone());
        let effects = Effects::default().needs([Subject::Column(table.clone(), column.clone())]);
        if self.not_null { effects.makes(Subject::NotNull(table, column)) } else { effects }
    }
}
