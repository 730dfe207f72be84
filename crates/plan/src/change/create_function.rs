//! `CREATE FUNCTION` and `CREATE PROCEDURE`.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::{
    catalog::{Catalog, Volatility},
    identifier::Identifier,
};
use serde::{Deserialize, Serialize};

/// `CREATE FUNCTION`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateFunction {
    /// Its unqualified name.
    pub function: Identifier,
    /// Its volatility.
    pub volatility: Volatility,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl Kind for CreateFunction {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, catalog: &mut Catalog) {
        let name = self.function.as_str();
        let known = catalog.functions.get(name).copied();
        let widest = known.map_or(self.volatility, |known| known.max(self.volatility));
        catalog.functions.insert(name.to_owned(), widest);
    }

    fn invert(&self, _: &Catalog) -> Inverse {
        // Which overload it is cannot be told from its name; one more function disturbs nobody.
        Inverse::Stays
    }

    fn facts(&self, catalog: &Catalog) -> Facts {
        let facts = Facts::default();
        if catalog.functions.contains_key(self.function.as_str()) {
            facts.breaks(Break::Reads)
        } else {
            facts
        }
    }

    fn effects(&self) -> Effects {
        Effects::default().makes(Subject::Function(self.function.clone()))
    }
}
