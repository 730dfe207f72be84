//! `DROP FUNCTION` and `DROP PROCEDURE`. Its arguments stand in the statement, so it is rendered by that.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{catalog::Catalog, identifier::Identifier};
use serde::{Deserialize, Serialize};

/// `DROP FUNCTION`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropFunction {
    /// Its unqualified name.
    pub function: Identifier,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl Kind for DropFunction {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, catalog: &mut Catalog) {
        // Overloads of the name may be left, but the author said that it goes.
        catalog.functions.remove(self.function.as_str());
        catalog.forget_function(&self.function);
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Lost
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default().breaks(Break::Reads).breaks(Break::Writes)
    }

    fn effects(&self) -> Effects {
        Effects::default().removes(Subject::Function(self.function.clone()))
    }
}
