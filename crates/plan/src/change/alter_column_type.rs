//! `ALTER COLUMN … TYPE`: writes the table out again unless the stored values stay as they are.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Relation},
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

    fn facts(&self, catalog: &Catalog) -> Facts {
        let facts = Facts::default()
            .lock(&self.table, LockMode::AccessExclusive)
            .breaks(Break::PreparedColumns);
        let facts = if self.rewrites { facts.rewrites(&self.table) } else { facts };
        let Some(relation) = catalog.relation(&self.table) else { return facts };
        // Foreign keys of the column, and those that point to it, are made once more.
        let identity = relation.column(&self.column).filter(|column| column.identity);
        facts
            .lock_all(
                &relation.referenced_by_keys(|key| key.columns.contains(&self.column)),
                LockMode::AccessExclusive,
            )
            .lock_all(&referencing(catalog, relation, &self.column), LockMode::AccessExclusive)
            // Its sequence gets the new type.
            .lock_all(
                identity.and_then(|column| column.sequence.as_ref()),
                LockMode::ShareRowExclusive,
            )
    }

    fn effects(&self) -> Effects {
        Effects::default().needs([Subject::Column(self.table.clone(), self.column.clone())])
    }
}

/// Tables whose foreign keys may point to the column: it is in a key, and they point to its table.
fn referencing(catalog: &Catalog, relation: &Relation, column: &Identifier) -> Vec<QualifiedName> {
    let is_key =
        relation.indexes.iter().any(|index| index.unique && index.columns.contains(column));
    let points = |other: &&Relation| {
        other.name != relation.name && other.referenced_by_keys(|_| true).contains(&relation.name)
    };
    let others = catalog.every_relation().filter(|_| is_key).filter(points);
    others.map(|other| other.name.clone()).collect()
}
