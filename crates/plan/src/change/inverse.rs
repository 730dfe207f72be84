//! The way back from a change.

use super::Change;
use serde::{Deserialize, Serialize};

/// The way back from a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inverse {
    /// These changes, in this order.
    By(Vec<Change>),
    /// Nothing is taken back: what stays disturbs no release.
    Stays,
    /// There is none: what was there is gone.
    Lost,
}

impl Inverse {
    /// One change takes it back.
    pub(crate) fn one(change: impl Into<Change>) -> Self {
        Self::By(vec![change.into()])
    }
}
