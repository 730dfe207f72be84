//! `GRANT`, `REVOKE`, `ALTER DEFAULT PRIVILEGES`.

use super::{Break, Effects, Facts, Inverse, Kind, Subject};
use crate::model::catalog::Catalog;
use serde::{Deserialize, Serialize};

/// `GRANT` or `REVOKE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePrivileges {
    /// Whether it takes something away.
    pub revokes: bool,
    /// The statement as the author wrote it.
    pub sql: String,
}

impl Kind for ChangePrivileges {
    fn render(&self) -> Vec<String> {
        vec![self.sql.clone()]
    }

    fn apply(&self, _: &mut Catalog) {}

    fn invert(&self, _: &Catalog) -> Inverse {
        if self.revokes { Inverse::Lost } else { Inverse::Stays }
    }

    fn facts(&self, _: &Catalog) -> Facts {
        let facts = Facts::default();
        if self.revokes { facts.breaks(Break::Reads).breaks(Break::Writes) } else { facts }
    }

    fn effects(&self) -> Effects {
        if self.revokes { Effects::default().makes(Subject::Revoked) } else { Effects::default() }
    }
}
