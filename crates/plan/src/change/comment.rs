//! `COMMENT ON`.

use super::{Effects, Facts, Inverse, Kind, Subject};
use crate::model::{catalog::Catalog, identifier::QualifiedName, lock::LockMode};
use serde::{Deserialize, Serialize};

/// `COMMENT ON`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// The relation that is locked for it, where it is about one.
    pub relation: Option<QualifiedName>,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl Kind for Comment {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, _: &mut Catalog) {}

    fn invert(&self, _: &Catalog) -> Inverse {
        Inverse::Stays
    }

    fn facts(&self, _: &Catalog) -> Facts {
        Facts::default().lock_all(&self.relation, LockMode::ShareUpdateExclusive)
    }

    fn effects(&self) -> Effects {
        let relation = self.relation.iter();
        Effects::default().needs(relation.map(|name| Subject::Relation(name.clone())))
    }
}
