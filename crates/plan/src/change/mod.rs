//! Changes: the one vocabulary in which everything speaks of what happens to a schema.
//!
//! A statement as its author wrote it becomes changes (`written`), a rewrite turns these into
//! others, a step is a list of them, and the ledger keeps them as JSON. One file a kind, each with
//! the verbs of `Kind`. Nothing here decides when a change may run.
//!
//! To add a kind: write `change/<kind>.rs` with a struct that implements `Kind`, and add its line
//! to the list below. Fields may be added later with a serde default; they never change meaning.

mod facts;
mod inverse;
mod legacy;
mod offending;
mod subject;
mod written;

pub(crate) use facts::leaves;
pub use facts::{Break, Facts, facts_of_statement};
pub use inverse::Inverse;
pub(crate) use legacy::deserialize_changes;
pub(crate) use offending::{breaking_check, breaking_reference};
pub use subject::{Effects, Subject};
pub use written::{WrittenChanges, written};
pub(crate) use written::{
    action, add_column, add_constraint, constraint_name, create_index, create_table, is_volatile,
};

use crate::model::catalog::Catalog;
use serde::{Deserialize, Serialize};

/// What every kind of change can do.
pub(crate) trait Kind {
    /// The SQL that does it, in order.
    fn render(&self) -> Vec<String>;

    /// Plays it on the catalog. Playing it twice is the same as once.
    fn apply(&self, catalog: &mut Catalog);

    /// The way back from where it was run on `before`.
    fn invert(&self, before: &Catalog) -> Inverse;

    /// What it does to a database that looks like `catalog`.
    fn facts(&self, catalog: &Catalog) -> Facts;

    /// What it makes, removes and needs.
    fn effects(&self) -> Effects;
}

/// Declares the modules, [`Change`], and who does what each verb says.
macro_rules! changes {
    ($($module:ident :: $kind:ident),* $(,)?) => {
        $(pub(crate) mod $module;)*

        /// One change of a schema.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "change", rename_all = "snake_case")]
        pub enum Change {
            $(#[doc = concat!("See [`", stringify!($kind), "`].")]
            $kind($module::$kind),)*
        }

        impl Change {
            fn kind(&self) -> &dyn Kind {
                match self { $(Self::$kind(change) => change,)* }
            }
        }

        $(impl From<$module::$kind> for Change {
            fn from(change: $module::$kind) -> Self {
                Self::$kind(change)
            }
        }
        pub use $module::$kind;)*
    };
}

changes! {
    add_column::AddColumn,
    add_constraint::AddConstraint,
    add_enum_value::AddEnumValue,
    alter_column_type::AlterColumnType,
    alter_default::AlterDefault,
    alter_not_null::AlterNotNull,
    alter_owner::AlterOwner,
    alter_sequence::AlterSequence,
    analyze::Analyze,
    attach_partition::AttachPartition,
    change_privileges::ChangePrivileges,
    change_row_security::ChangeRowSecurity,
    comment::Comment,
    create_function::CreateFunction,
    create_index::CreateIndex,
    create_other::CreateOther,
    create_policy::CreatePolicy,
    create_sequence::CreateSequence,
    create_table::CreateTable,
    create_trigger::CreateTrigger,
    create_type::CreateType,
    create_view::CreateView,
    drop_column::DropColumn,
    drop_constraint::DropConstraint,
    drop_function::DropFunction,
    drop_index::DropIndex,
    drop_policy::DropPolicy,
    drop_relation::DropRelation,
    drop_trigger::DropTrigger,
    drop_type::DropType,
    enable_trigger::EnableTrigger,
    full_replica_identity::FullReplicaIdentity,
    no_force_row_security::NoForceRowSecurity,
    rename_column::RenameColumn,
    rename_constraint::RenameConstraint,
    rename_relation::RenameRelation,
    rename_trigger::RenameTrigger,

    as_written::AsWritten,
    tune_table::TuneTable,
    validate_constraint::ValidateConstraint,
    write_rows::WriteRows,
}

impl Change {
    /// The SQL that does it, in order.
    pub fn render(&self) -> Vec<String> {
        self.kind().render()
    }

    /// Plays it on the catalog. Playing it twice is the same as once.
    pub fn apply(&self, catalog: &mut Catalog) {
        self.kind().apply(catalog);
    }

    /// The way back from where it was run on `before`.
    pub fn invert(&self, before: &Catalog) -> Inverse {
        self.kind().invert(before)
    }

    /// What it does to a database that looks like `catalog`.
    pub fn facts(&self, catalog: &Catalog) -> Facts {
        self.kind().facts(catalog)
    }

    /// What it makes, removes and needs.
    pub fn effects(&self) -> Effects {
        self.kind().effects()
    }
}

/// The SQL of several changes, in order.
pub fn render(changes: &[Change]) -> Vec<String> {
    changes.iter().flat_map(Change::render).collect()
}
