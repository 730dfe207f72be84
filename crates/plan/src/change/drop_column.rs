//! `DROP COLUMN`, with the indexes and constraints that go with it.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::Catalog,
    identifier::{Identifier, QualifiedName},
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `ALTER TABLE … DROP COLUMN`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropColumn {
    /// The table.
    pub table: QualifiedName,
    /// The column.
    pub column: Identifier,
    /// Whether it may be gone already.
    #[serde(default)]
    pub if_exists: bool,
}

impl Kind for DropColumn {
    fn render(&self) -> Vec<String> {
        let if_exists = if self.if_exists { "IF EXISTS " } else { "" };
        vec![format!("ALTER TABLE {} DROP COLUMN {if_exists}{}", self.table, self.column)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        let column = &self.column;
        if let Some(relation) = catalog.relation_mut(&self.table) {
            relation.columns.retain(|found| &found.name != column);
            relation.indexes.retain(|index| {
                !index.columns.contains(column) && !index.expression_columns.contains(column)
            });
            relation.constraints.retain(|constraint| !constraint.columns.contains(column));
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Lost
    }

    fn facts(&self, catalog: &Catalog) -> Facts {
        let facts = Facts::default()
            .lock(&self.table, LockMode::AccessExclusive)
            .breaks(Break::Reads)
            .breaks(Break::Writes);
        let Some(relation) = catalog.relation(&self.table) else { return facts };
        // A foreign key goes with its column, and its triggers on the other table with it; so does
        // the sequence of a serial column.
        let others = relation.referenced_by_keys(|key| key.columns.contains(&self.column));
        let sequence = relation.column(&self.column).and_then(|column| column.sequence.as_ref());
        facts
            .lock_all(&others, LockMode::AccessExclusive)
            .lock_all(sequence, LockMode::AccessExclusive)
    }

    fn effects(&self) -> Effects {
        Effects::default().removes(Subject::Column(self.table.clone(), self.column.clone()))
    }
}
