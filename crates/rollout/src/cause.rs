//! An error with all its causes in one line, for event texts and failure examples.

use std::error::Error;

/// Real chains are shorter; this bounds one that never ends.
const CAUSES_MAX: usize = 10;

/// `error: cause: cause of the cause`.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    for _ in 0..CAUSES_MAX {
        let Some(next) = cause else { break };
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
