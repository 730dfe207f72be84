//! Steps that a ledger of format 1 keeps as SQL text: each text becomes the statement that it is,
//! with the changes that it comes to. The only place that reads SQL out of a step.

use super::{AsWritten, Change, written};
use crate::{model::catalog::Catalog, sql};
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Text(String),
    Change(Box<Change>),
}

/// Reads a list of changes, or of texts.
pub(crate) fn deserialize_changes<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Change>, D::Error> {
    let kept = Vec::<Kept>::deserialize(deserializer)?;
    Ok(kept.into_iter().map(change).collect())
}

fn change(kept: Kept) -> Change {
    match kept {
        Kept::Change(change) => *change,
        // Format 1 writes names in full, so no catalog is needed to resolve them.
        Kept::Text(sql) => {
            let catalog = Catalog::default();
            let statements = sql::parse(&sql).unwrap_or_default();
            let changes =
                statements.iter().filter_map(|statement| written(&catalog, statement)).flatten();
            AsWritten { changes: changes.collect(), sql }.into()
        }
    }
}
