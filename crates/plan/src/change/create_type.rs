//! `CREATE TYPE` and `CREATE DOMAIN`.

use super::{DropType, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Type},
    identifier::QualifiedName,
};
use serde::{Deserialize, Serialize};

/// `CREATE TYPE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateType {
    /// The type.
    pub name: QualifiedName,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl Kind for CreateType {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if !catalog.types.iter().any(|found| found.name == self.name) {
            catalog.types.push(Type::unknown(self.name.clone()));
        }
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::one(DropType { name: self.name.clone(), if_exists: true })
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default()
    }

    fn effects(&self) -> Effects {
        Effects::default().makes(Subject::Type(self.name.clone()))
    }
}
