//! What fires on a write or on DDL: triggers, rules, event triggers. SQL: `sql/triggers.sql`,
//! `sql/rules.sql`, `sql/event_triggers.sql`.

use crate::model::identifier::Identifier;
use serde::{Deserialize, Serialize};

/// One trigger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its name; the server fires triggers of one kind in the order of names.
    pub name: Identifier,
    /// Whether it fires BEFORE (else AFTER or INSTEAD OF).
    pub before: bool,
    /// Whether it fires for each row.
    pub row: bool,
    /// Whether it fires on INSERT.
    pub on_insert: bool,
    /// Whether it fires on UPDATE.
    pub on_update: bool,
    /// Whether it fires on DELETE.
    #[serde(default)]
    pub on_delete: bool,
    /// For `UPDATE OF`, the columns; empty means all.
    pub update_columns: Vec<Identifier>,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether it was made by Changeover.
    pub ours: bool,
    /// Whether its function may write or lock other relations: by the words of its text, and for
    /// want of one.
    #[serde(default)]
    pub touches_relations: bool,
}

/// The statement for which a rule acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleEvent {
    /// SELECT.
    Select,
    /// UPDATE.
    #[default]
    Update,
    /// INSERT.
    Insert,
    /// DELETE.
    Delete,
}

/// One rule (`CREATE RULE`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name.
    pub name: Identifier,
    /// For which statement it acts.
    pub event: RuleEvent,
    /// Whether it replaces the statement (`INSTEAD`); else it adds to it (`ALSO`).
    pub instead: bool,
    /// Whether it is enabled.
    pub enabled: bool,
}

/// One event trigger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTrigger {
    /// Its name.
    pub name: Identifier,
    /// `ddl_command_start`, `ddl_command_end`, `sql_drop`, `table_rewrite`, `login`.
    pub event: String,
    /// The commands for which it fires; empty means all.
    pub tags: Vec<String>,
    /// Whether it is enabled.
    pub enabled: bool,
}
