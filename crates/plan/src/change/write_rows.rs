//! `INSERT`, `UPDATE`, `DELETE`, `TRUNCATE` that run as they are written, in one short transaction.

use super::{Effects, Facts, Inverse, Kind, Subject};
use crate::model::{catalog::Catalog, identifier::QualifiedName, lock::LockMode};
use serde::{Deserialize, Serialize};

/// A statement that writes rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteRows {
    /// The tables.
    pub tables: Vec<QualifiedName>,
    /// The lock that it takes on each.
    pub mode: LockMode,
    /// Tables whose rows foreign keys make the server lock.
    pub references: Vec<QualifiedName>,
    /// Other tables whose rows foreign keys' actions change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acted_on: Vec<QualifiedName>,
    /// Whether a trigger or a rule fires of which the planner does not know what it does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl Kind for WriteRows {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, _: &mut Catalog) {}

    fn invert(&self, _: &Catalog) -> Inverse {
        // Which rows were there before is not known; those that were added stay.
        Inverse::Stays
    }

    fn facts(&self, _: &Catalog) -> Facts {
        let mut facts = Facts::default()
            .lock_all(&self.tables, self.mode)
            .lock_all(&self.references, LockMode::RowShare)
            .lock_all(&self.acted_on, LockMode::RowExclusive);
        facts.open = self.open;
        facts
    }

    fn effects(&self) -> Effects {
        let tables = self.tables.iter();
        Effects::default().needs(tables.map(|table| Subject::Relation(table.clone())))
    }
}
