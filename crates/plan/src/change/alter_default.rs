//! `SET DEFAULT` and `DROP DEFAULT`: what later rows get that leave the column out.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Object},
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `ALTER COLUMN … SET DEFAULT` or `DROP DEFAULT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlterDefault {
    /// The table.
    pub table: QualifiedName,
    /// The column.
    pub column: Identifier,
    /// The default, or none.
    pub default: Option<String>,
}

impl Kind for AlterDefault {
    fn render(&self) -> Vec<String> {
        let action = match &self.default {
            Some(default) => format!("SET DEFAULT {default}"),
            None => "DROP DEFAULT".to_owned(),
        };
        vec![format!("ALTER TABLE {} ALTER COLUMN {} {action}", self.table, self.column)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        let default = Object::Default { relation: self.table.clone(), name: self.column.clone() };
        catalog.forget(&default);
        if let Some(column) = catalog.column_mut(&self.table, &self.column) {
            column.default.clone_from(&self.default);
        }
    }

    fn invert(&self, before: &Catalog) -> Inverse {
        let column = before.relation(&self.table).and_then(|found| found.column(&self.column));
        Inverse::one(Self {
            default: column.and_then(|column| column.default.clone()),
            ..self.clone()
        })
    }

    fn facts(&self, catalog: &Catalog) -> Facts {
        let facts = Facts::default().lock(&self.table, LockMode::AccessExclusive);
        let column = catalog.relation(&self.table).and_then(|found| found.column(&self.column));
        let loses = self.default.is_none() && column.is_some_and(|found| found.default.is_some());
        if loses { facts.breaks(Break::Writes) } else { facts }
    }

    fn effects(&self) -> Effects {
        let (table, column) = (self.table.clone(), self.column.clone());
        let effects = Effects::default().needs([Subject::Column(table.clone(), column.clone())]);
        if self.default.is_none() {
            effects.makes(Subject::NoDefault(table, column))
        } else {
            effects
        }
    }
}
