//! A statement that runs just as its author wrote it, with the changes that it comes to.
//!
//! Used where nobody waits for it, such as on a table that this upgrade makes: one statement may say
//! several changes, and its text may say more than they keep.

use super::{Change, Effects, Facts, Inverse, Kind};
use crate::model::catalog::Catalog;
use serde::{Deserialize, Serialize};

/// A statement as its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsWritten {
    /// The statement.
    pub sql: String,
    /// What it comes to.
    pub changes: Vec<Change>,
}

impl Kind for AsWritten {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, catalog: &mut Catalog) {
        self.changes.iter().for_each(|change| change.apply(catalog));
    }

    fn invert(&self, before: &Catalog) -> Inverse {
        let mut catalog = before.clone();
        let mut back = Vec::new();
        for change in &self.changes {
            match change.invert(&catalog) {
                Inverse::By(changes) => back.splice(0..0, changes).for_each(drop),
                Inverse::Stays => {}
                Inverse::Lost => return Inverse::Lost,
            }
            change.apply(&mut catalog);
        }
        if back.is_empty() { Inverse::Stays } else { Inverse::By(back) }
    }

    fn facts(&self, catalog: &Catalog) -> Facts {
        let all = self.changes.iter().map(|change| change.facts(catalog));
        all.fold(Facts::default(), Facts::and)
    }

    fn effects(&self) -> Effects {
        let all = self.changes.iter().map(Change::effects);
        all.fold(Effects::default(), Effects::and)
    }
}
