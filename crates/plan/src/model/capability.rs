//! What the runner of a step must be able to do. A holder of the term that lacks one leaves the step to
//! another instance.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// One thing that a runner must be able to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Holds the connection of the role that owns the tables.
    Owner,
    /// Has application code of this name.
    Code(String),
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => f.write_str("the owner's connection"),
            Self::Code(name) => write!(f, "the code `{name}`"),
        }
    }
}

/// What every step needs, and what a ledger's step means that says nothing.
pub fn owner() -> BTreeSet<Capability> {
    BTreeSet::from([Capability::Owner])
}

/// Whether it is that alone; then it is not written.
pub(super) fn is_owner(requires: &BTreeSet<Capability>) -> bool {
    *requires == owner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_older_ledgers_do_not_say_reads_as_the_owner() {
        #[derive(Serialize, Deserialize)]
        struct Step {
            #[serde(default = "owner", skip_serializing_if = "is_owner")]
            requires: BTreeSet<Capability>,
        }
        let step: Step = serde_json::from_str("{}").unwrap();
        assert_eq!(step.requires, owner());
        assert_eq!(serde_json::to_string(&step).unwrap(), "{}");
        let text = r#"{"requires":["owner",{"code":"total"}]}"#;
        let step: Step = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&step).unwrap(), text);
    }
}
