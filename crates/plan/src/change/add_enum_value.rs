//! `ALTER TYPE … ADD VALUE`.

use super::{Effects, Facts, Inverse, Kind, Subject};
use crate::model::{catalog::Catalog, identifier::QualifiedName};
use serde::{Deserialize, Serialize};

/// `ALTER TYPE … ADD VALUE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddEnumValue {
    /// The enum.
    pub name: QualifiedName,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl Kind for AddEnumValue {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, _: &mut Catalog) {}

    fn invert(&self, _: &Catalog) -> Inverse {
        // The server cannot take a value away; one that nobody writes disturbs nobody.
        Inverse::Stays
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default()
    }

    fn effects(&self) -> Effects {
        Effects::default().needs([Subject::Type(self.name.clone())])
    }
}
