//! `CREATE TYPE` and `CREATE DOMAIN`.

use super::{DropType, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Domain, Type, TypeKind},
    identifier::QualifiedName,
};
use serde::{Deserialize, Serialize};

/// `CREATE TYPE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateType {
    /// The type.
    pub name: QualifiedName,
    /// What is known of it, where it is a domain.
    #[serde(default)]
    pub domain: Option<Domain>,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl Kind for CreateType {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, catalog: &mut Catalog) {
        if !catalog.types.iter().any(|found| found.name == self.name) {
            let mut made = Type::unknown(self.name.clone());
            if let Some(domain) = &self.domain {
                made.has_equality = catalog.has_equality(&domain.base);
                made.kind = TypeKind::Domain(domain.clone());
            }
            catalog.types.push(made);
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
