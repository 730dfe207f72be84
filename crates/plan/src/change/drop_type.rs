//! `DROP TYPE` and `DROP DOMAIN`.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Object},
    identifier::QualifiedName,
};
use serde::{Deserialize, Serialize};

/// `DROP TYPE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropType {
    /// The type.
    pub name: QualifiedName,
    /// Whether it may be gone already.
    #[serde(default)]
    pub if_exists: bool,
}

impl Kind for DropType {
    fn render(&self) -> Vec<String> {
        let if_exists = if self.if_exists { "IF EXISTS " } else { "" };
        vec![format!("DROP TYPE {if_exists}{}", self.name)]
    }

    fn apply(&self, catalog: &mut Catalog) {
        catalog.types.retain(|found| found.name != self.name);
        catalog.forget(&Object::Type { name: self.name.clone() });
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Lost
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default().breaks(Break::Reads)
    }

    fn effects(&self) -> Effects {
        Effects::default().removes(Subject::Type(self.name.clone()))
    }
}
