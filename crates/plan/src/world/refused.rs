//! A refusal before it is known where it stands.

use crate::{
    model::{migration::Migration, plan::Refusal},
    rule::Rule,
    sql::{Statement, one_line},
};

/// Why a statement does not get into the plan.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The rule.
    pub(crate) rule: &'static Rule,
    /// Why, in plain words.
    pub(crate) reason: String,
    /// What to write instead.
    pub(crate) remedy: String,
}

impl Refused {
    /// Puts a refusal together.
    pub(crate) fn new(
        rule: &'static Rule,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { rule, reason: reason.into(), remedy: remedy.into() }
    }

    /// Says that it stands against a migration as a whole.
    pub(crate) fn of_file(self, migration: &Migration) -> Refusal {
        Refusal {
            migration: migration.number,
            file: migration.file.clone(),
            line: 1,
            statement: one_line(&migration.text),
            rule: self.rule.id.to_owned(),
            reason: self.reason,
            remedy: self.remedy,
        }
    }

    /// Says where it stands.
    pub(crate) fn at(self, migration: &Migration, statement: &Statement, line: u32) -> Refusal {
        Refusal {
            migration: migration.number,
            file: migration.file.clone(),
            line,
            statement: one_line(&statement.text),
            rule: self.rule.id.to_owned(),
            reason: self.reason,
            remedy: self.remedy,
        }
    }
}
