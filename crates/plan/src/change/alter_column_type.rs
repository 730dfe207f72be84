//! `ALTER COLUMN … TYPE`: writes the table out again unless the stored values stay as they are.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::Catalog,
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `ALTER COLUMN … TYPE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlterColumnType {
    /// The table.
    pub table: QualifiedName,
    /// The column.
    pub column: Identifier,
    /// The new type as the author wrote it, with `COLLATE` where given.
    pub type_sql: String,
    /// The new type as the catalog will show it.
    pub canonical: String,
    /// Whether the server writes the rows out again.
    pub rewrites: bool,
}

impl Kind for AlterColumnType {
    fn render(&self) -> Vec<String> {
        vec![format!(
            "ALTER TABLE {} ALTER COLUMN {} TYPE {}",
            self.table, self.column, self.type_sql
        )]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if let Some(column) = catalog.column_mut(&self.table, &self.column) {
            column.type_sql.clone_from(&self.canonical);
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        // Values that only the new type can hold may have been written; the wider type stays.
        if self.rewrites { Inverse::Lost } else { Inverse::Stays }
    }

    fn facts(&self, _: &Catalog) -> Facts {
        let facts = Facts::default()
            .lock(&self.table, LockMode::AccessExclusive)
            .breaks(Break::PreparedColumns);
        if self.rewrites { facts.rewrites(&self.table) } else { facts }
    }

    fn effects(&self) -> Effects {
        Effects::default().needs([Subject::Column(self.table.clone(), self.column.clone())])
    }
}
