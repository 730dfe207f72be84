//! `CREATE FUNCTION` and `CREATE PROCEDURE`.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::lock::LockMode;
use crate::model::{
    catalog::{Catalog, Relation, Volatility},
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
        // The server analyses a body in SQL, and locks what that reads and writes as it would.
        let named = |relation: &&Relation| mentions(&self.sql, relation.name.name.as_str());
        let sql = self.sql.to_lowercase();
        let facts = if sql.contains("language sql") || sql.contains("language 'sql'") {
            let relations = catalog.every_relation().filter(named).map(|found| &found.name);
            Facts::default().lock_all(relations, body_mode(&sql))
        } else {
            Facts::default()
        };
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

/// The strongest lock that a body takes, by its words: each that writes or locks rows counts, also
/// where it is a name.
fn body_mode(sql: &str) -> LockMode {
    let any = |words: &[&str]| words.iter().any(|word| mentions(sql, word));
    if any(&["insert", "update", "delete", "merge"]) {
        LockMode::RowExclusive
    } else if any(&["share"]) {
        LockMode::RowShare
    } else {
        LockMode::AccessShare
    }
}

/// Whether a text has the name as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}
