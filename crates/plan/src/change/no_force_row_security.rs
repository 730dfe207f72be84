//! `NO FORCE ROW LEVEL SECURITY`: loosens for the owner alone; what services see and may write stays.

use super::{Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, RowSecurity},
    identifier::QualifiedName,
    lock::LockMode,
};
use serde::{Deserialize, Serialize};

/// `NO FORCE ROW LEVEL SECURITY`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoForceRowSecurity {
    /// The table.
    pub table: QualifiedName,
}

impl Kind for NoForceRowSecurity {
    fn render(&self) -> Vec<String> {
        vec![format!("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY", self.table)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if let Some(relation) = catalog.relation_mut(&self.table)
            && relation.row_security == RowSecurity::Forced
        {
            relation.row_security = RowSecurity::Enabled;
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Stays
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default().lock(&self.table, LockMode::AccessExclusive)
    }

    fn effects(&self) -> Effects {
        Effects::default().needs([Subject::Relation(self.table.clone())])
    }
}
