//! `DROP`.

use super::Name;

/// What is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropObject {
    /// A table.
    Table,
    /// An index.
    Index,
    /// A view.
    View,
    /// A materialised view.
    MaterializedView,
    /// A type or domain.
    Type,
    /// A function or procedure.
    Function,
    /// A trigger.
    Trigger,
    /// A policy.
    Policy,
    /// A sequence.
    Sequence,
    /// A schema.
    Schema,
    /// An extension.
    Extension,
}

/// `DROP`.
#[derive(Clone, Debug)]
pub struct Drop {
    /// What kind.
    pub object: DropObject,
    /// The names.
    pub names: Vec<Name>,
    /// The table, for triggers and policies.
    pub table: Option<Name>,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `CASCADE`.
    pub cascade: bool,
    /// `CONCURRENTLY`.
    pub concurrently: bool,
}

impl DropObject {
    /// The object's name in `DROP …`, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Index => "index",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Type => "type",
            Self::Function => "function",
            Self::Trigger => "trigger",
            Self::Policy => "policy",
            Self::Sequence => "sequence",
            Self::Schema => "schema",
            Self::Extension => "extension",
        }
    }
}
