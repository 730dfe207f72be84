//! When a step may run.

use serde::{Deserialize, Serialize};
use std::fmt;

/// When a step may run. The order of the variants is the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before the new release serves: short, additive or loosening.
    Expand,
    /// In the background, for hours if need be, while both releases serve.
    Online,
    /// Once no older release that needs the thing lives or may come back.
    Contract,
}

impl Phase {
    /// The phase's name in the ledger and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Online => "online",
            Self::Contract => "contract",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
