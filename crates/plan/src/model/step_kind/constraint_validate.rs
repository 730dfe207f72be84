//! Validates a `NOT VALID` constraint: a scan that blocks neither reads nor writes.

use super::{Course, Kind};
use crate::{
    change::{Change, ValidateConstraint},
    model::lock::{Lock, LockHeld, LockMode},
};

/// Validates a `NOT VALID` constraint: the step keeps the change itself.
pub type ConstraintValidate = ValidateConstraint;

impl Kind for ConstraintValidate {
    fn course(&self) -> Course<'_> {
        Course::Long {
            statements: Change::from(self.clone()).render(),
            action: format!("validating {}", self.constraint.as_str()),
            validates: Some(self),
        }
    }

    fn changes(&self) -> Vec<Change> {
        vec![self.clone().into()]
    }

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::of(&self.table, LockMode::ShareUpdateExclusive, LockHeld::WholeStep)]
    }
}
