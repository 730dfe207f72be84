//! Keeps the first error of a hook, which cannot return one.

use crate::error::VerifyError;
use std::sync::{Mutex, PoisonError};

/// The first error, until it is taken.
#[derive(Debug, Default)]
pub(crate) struct FirstError(Mutex<Option<VerifyError>>);

impl FirstError {
    /// Keeps the error, unless there is one.
    pub(crate) fn keep(&self, outcome: Result<(), VerifyError>) {
        if let Err(error) = outcome {
            let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            slot.get_or_insert(error);
        }
    }

    /// Gives it back.
    pub(crate) fn take(&self) -> Result<(), VerifyError> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take().map_or(Ok(()), Err)
    }
}
