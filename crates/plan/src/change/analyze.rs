//! `ANALYZE` of named tables.

use super::{Effects, Facts, Inverse, Kind, Subject};
use crate::model::{catalog::Catalog, identifier::QualifiedName, lock::LockMode};
use serde::{Deserialize, Serialize};

/// `ANALYZE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analyze {
    /// The tables.
    pub tables: Vec<QualifiedName>,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl Kind for Analyze {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, _: &mut Catalog) {}

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Stays
    }

    fn facts(&self, _: &Catalog) -> Facts {
        // It reads a sample, not the whole table.
        Facts::default().lock_all(&self.tables, LockMode::ShareUpdateExclusive)
    }

    fn effects(&self) -> Effects {
        let tables = self.tables.iter();
        Effects::default().needs(tables.map(|table| Subject::Relation(table.clone())))
    }
}
