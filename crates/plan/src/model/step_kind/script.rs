//! A whole file as it is written, when nobody serves ([`crate::PlanMode::AtOnce`]).

use super::{Course, Kind};
use serde::{Deserialize, Serialize};

/// A whole file as it is written, when nobody serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The statements as written, in order.
    pub statements: Vec<String>,
    /// Whether they run in one transaction. False where one of them forbids it
    /// (`CREATE INDEX CONCURRENTLY`) or the file says so.
    pub transactional: bool,
}

impl Kind for Script {
    fn course(&self) -> Course<'_> {
        Course::Script(self)
    }

    fn is_lost(&self) -> bool {
        // What a file did is not known.
        true
    }
}
