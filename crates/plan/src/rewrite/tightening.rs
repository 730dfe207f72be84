//! What constraints and keys have in common: they reject what was accepted before, so they wait for the floor
//! unless the author says that older releases comply.

use crate::{
    model::{identifier::Identifier, step::Phase},
    world::{Draft, Work},
};

/// Columns as a list in SQL.
pub(super) fn names(columns: &[Identifier]) -> String {
    columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Phase and reason of something that rejects what was accepted before.
pub(super) fn tightens(work: &Work<'_>) -> (Phase, String) {
    match work.old_complies() {
        Some(because) => {
            (Phase::Online, format!("the author says that older releases comply: {because}"))
        }
        None => (
            Phase::Contract,
            "rejects rows that older releases may write, also while it is NOT VALID".to_owned(),
        ),
    }
}

/// Gives a contract step its floor.
pub(super) fn at_floor(work: &Work<'_>, phase: Phase, draft: Draft) -> Draft {
    if phase == Phase::Contract { draft.floor(work.floor()) } else { draft }
}
