//! `ALTER TABLE`, action by action.

use super::{ColumnDefinition, ConstraintDefinition, Name};
use crate::model::identifier::Identifier;
use crate::sql::expression::Expression;

/// `ALTER TABLE`.
#[derive(Clone, Debug)]
pub struct AlterTable {
    /// The table.
    pub name: Name,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `ONLY`.
    pub only: bool,
    /// Its actions in order.
    pub actions: Vec<AlterAction>,
}

/// One action of `ALTER TABLE`, with its text as written.
#[derive(Clone, Debug)]
pub struct AlterAction {
    /// The action as written.
    pub text: String,
    /// What it means.
    pub kind: AlterKind,
}

/// What an action of `ALTER TABLE` means.
#[derive(Clone, Debug)]
pub enum AlterKind {
    /// `ADD COLUMN`.
    AddColumn {
        /// The column.
        column: Box<ColumnDefinition>,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
    },
    /// `DROP COLUMN`.
    DropColumn {
        /// The column.
        column: Identifier,
        /// `IF EXISTS`.
        if_exists: bool,
        /// `CASCADE`.
        cascade: bool,
    },
    /// `SET DEFAULT`.
    SetDefault {
        /// The column.
        column: Identifier,
        /// The default.
        default: Expression,
    },
    /// `DROP DEFAULT`.
    DropDefault {
        /// The column.
        column: Identifier,
    },
    /// `SET NOT NULL`.
    SetNotNull {
        /// The column.
        column: Identifier,
    },
    /// `DROP NOT NULL`.
    DropNotNull {
        /// The column.
        column: Identifier,
    },
    /// `TYPE`.
    SetType {
        /// The column.
        column: Identifier,
        /// The new type as written.
        type_sql: String,
        /// Whether `USING` is given.
        using: bool,
    },
    /// `SET STATISTICS`, `SET (…)`, `SET STORAGE`, …: tuning of a column or table.
    Tune,
    /// `ADD CONSTRAINT`.
    AddConstraint(ConstraintDefinition),
    /// `DROP CONSTRAINT`.
    DropConstraint {
        /// The constraint.
        name: Identifier,
        /// `IF EXISTS`.
        if_exists: bool,
        /// `CASCADE`.
        cascade: bool,
    },
    /// `VALIDATE CONSTRAINT`.
    ValidateConstraint {
        /// The constraint.
        name: Identifier,
    },
    /// `OWNER TO`.
    OwnerTo,
    /// `RENAME COLUMN`.
    RenameColumn {
        /// Its name until now.
        from: Identifier,
        /// Its new name.
        to: Identifier,
    },
    /// `RENAME TO`.
    RenameTable {
        /// Its new name.
        to: Identifier,
    },
    /// `RENAME CONSTRAINT`.
    RenameConstraint {
        /// Its name until now.
        from: Identifier,
        /// Its new name.
        to: Identifier,
    },
    /// `SET SCHEMA`.
    SetSchema,
    /// `ENABLE`, `DISABLE`, `FORCE ROW LEVEL SECURITY`.
    RowSecurity,
    /// `NO FORCE ROW LEVEL SECURITY`.
    NoForceRowSecurity,
    /// `REPLICA IDENTITY FULL`.
    ReplicaIdentityFull,
    /// `ENABLE TRIGGER`, `DISABLE TRIGGER` of one trigger.
    EnableTrigger {
        /// The trigger.
        name: Identifier,
        /// Whether it fires from now on.
        enabled: bool,
    },
    /// `ATTACH PARTITION`.
    AttachPartition {
        /// The part.
        part: Name,
    },
    /// No reader for it.
    NotUnderstood(String),
}
