//! Statements as our own data: what the planner works on.
//!
//! Names are as the catalog has them (folded, unquoted); texts are as written. Anything that has no
//! variant here is [`StatementKind::NotUnderstood`].

use super::{
    directive::{DirectiveError, Directives},
    expression::Expression,
};
use crate::model::{catalog::Volatility, identifier::Identifier};
use std::ops::Range;

/// One statement of a file.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The line at which it begins, from 1.
    pub line: u32,
    /// Where it stands in the file, in bytes.
    pub span: Range<usize>,
    /// Its text as written, without the semicolon.
    pub text: String,
    /// Its directives, or what is wrong with them.
    pub directives: Result<Directives, DirectiveError>,
    /// What it means. Boxed: the variants differ much in size.
    pub kind: Box<StatementKind>,
}

/// A name with or without a schema, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The schema, if it was written.
    pub schema: Option<Identifier>,
    /// The name.
    pub name: Identifier,
}

/// What a statement means.
#[derive(Clone, Debug)]
pub enum StatementKind {
    /// Only comments.
    Empty,
    /// The parser refuses it; `line` counts from the statement's first.
    Broken {
        /// The parser's message.
        message: String,
        /// Lines after the statement's first.
        line_offset: u32,
    },
    /// It parses, but there is no reader for it, or for a part of it.
    NotUnderstood {
        /// The part.
        what: String,
    },
    /// `BEGIN`, `COMMIT`, …
    Transaction(Transaction),
    /// `CREATE TABLE`.
    CreateTable(CreateTable),
    /// `CREATE INDEX`.
    CreateIndex(CreateIndex),
    /// `ALTER TABLE`.
    AlterTable(AlterTable),
    /// `UPDATE`.
    Update(Update),
    /// `INSERT`.
    Insert(Insert),
    /// `DELETE`, `TRUNCATE`, `MERGE`.
    Remove {
        /// `DELETE`, …
        verb: &'static str,
        /// The tables whose rows go.
        tables: Vec<Name>,
    },
    /// `CREATE TYPE` and `CREATE DOMAIN`.
    CreateType {
        /// Its name.
        name: Name,
    },
    /// `ALTER TYPE … ADD VALUE`.
    AddEnumValue {
        /// The enum.
        name: Name,
    },
    /// `CREATE SCHEMA`, `EXTENSION`, `SEQUENCE`, `STATISTICS`, `COLLATION`, …: adds and disturbs nobody.
    CreateOther(CreateOther),
    /// `CREATE FUNCTION` and `CREATE PROCEDURE`.
    CreateFunction {
        /// Its name.
        name: Name,
        /// Whether it may replace an existing one.
        or_replace: bool,
        /// Its declared volatility.
        volatility: Volatility,
    },
    /// `CREATE TRIGGER`.
    CreateTrigger(CreateTrigger),
    /// `CREATE VIEW` and `CREATE MATERIALIZED VIEW`.
    CreateView(CreateView),
    /// `COMMENT ON`.
    Comment {
        /// The relation that is locked for it, where it is about one.
        relation: Option<Name>,
    },
    /// `GRANT`, `REVOKE` and `ALTER DEFAULT PRIVILEGES`.
    Privileges {
        /// Whether it takes something away.
        revokes: bool,
    },
    /// `CREATE POLICY`.
    CreatePolicy {
        /// The table.
        table: Name,
    },
    /// `DROP` of anything.
    Drop(Drop),
    /// `ALTER … RENAME` and `SET SCHEMA` of anything.
    Rename {
        /// What kind of object.
        object: &'static str,
        /// The relation, where it is one or belongs to one.
        relation: Option<Name>,
        /// Old and new name, where both are simple names.
        names: Option<(Identifier, Identifier)>,
    },
    /// `ALTER SEQUENCE` other than renaming.
    AlterSequence {
        /// The sequence.
        name: Name,
    },
    /// `SET`, `RESET`, `SELECT set_config(…)`.
    Setting {
        /// The setting.
        name: String,
    },
    /// `DO`.
    Do,
    /// `SELECT` and other statements that only read, or call.
    Query,
    /// `ANALYZE`.
    Analyze {
        /// The tables.
        tables: Vec<Name>,
    },
}

/// Transaction control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// `BEGIN`, `START TRANSACTION`.
    Begin,
    /// `COMMIT`, `END`.
    Commit,
    /// `ROLLBACK`, `ABORT`.
    Rollback,
}

/// `CREATE TABLE`.
#[derive(Clone, Debug)]
pub struct CreateTable {
    /// Its name.
    pub name: Name,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `TEMPORARY`.
    pub temporary: bool,
    /// Its own columns.
    pub columns: Vec<ColumnDefinition>,
    /// Its table constraints.
    pub constraints: Vec<ConstraintDefinition>,
    /// Tables whose columns it copies (`LIKE`) or inherits.
    pub copies: Vec<Name>,
    /// Tables that it inherits from.
    pub inherits: Vec<Name>,
    /// The table that it is a part of.
    pub partition_of: Option<Name>,
    /// Whether it is partitioned, and by which plain columns.
    pub partition_by: Option<Vec<Identifier>>,
}

/// A column as written.
#[derive(Clone, Debug)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: Identifier,
    /// Its type as written, with `COLLATE` where given.
    pub type_sql: String,
    /// `NOT NULL`, or part of an inline primary key.
    pub not_null: bool,
    /// `DEFAULT`.
    pub default: Option<Expression>,
    /// `GENERATED … AS (…)`: its expression.
    pub generated: Option<Expression>,
    /// `GENERATED … AS IDENTITY`.
    pub identity: bool,
    /// Its other constraints, in the form of table constraints.
    pub constraints: Vec<ConstraintDefinition>,
}

/// A constraint as written.
#[derive(Clone, Debug)]
pub struct ConstraintDefinition {
    /// Its name, if given.
    pub name: Option<Identifier>,
    /// What it says.
    pub kind: ConstraintBody,
    /// `NOT VALID`.
    pub not_valid: bool,
    /// `DEFERRABLE …` as written.
    pub deferrable: String,
}

/// What a constraint says.
#[derive(Clone, Debug)]
pub enum ConstraintBody {
    /// `PRIMARY KEY` or `UNIQUE`.
    Key {
        /// Whether it is the primary key.
        primary: bool,
        /// Its columns.
        columns: Vec<Identifier>,
        /// `USING INDEX`.
        using_index: Option<Identifier>,
        /// What follows the columns: `INCLUDE …`, `WITH …`, as written.
        tail: String,
        /// `NULLS NOT DISTINCT`.
        nulls_not_distinct: bool,
    },
    /// `CHECK`.
    Check {
        /// Its expression.
        expression: Expression,
        /// `NO INHERIT`.
        no_inherit: bool,
    },
    /// `FOREIGN KEY`.
    ForeignKey {
        /// Its columns.
        columns: Vec<Identifier>,
        /// The table that it points to.
        references: Name,
        /// The columns there, where given.
        referenced: Vec<Identifier>,
        /// `MATCH …`, `ON DELETE …`, `ON UPDATE …` as written.
        tail: String,
        /// Whether it changes rows when the referenced one changes.
        acts: bool,
    },
    /// `EXCLUDE`.
    Exclusion,
    /// `NOT NULL c` as a table constraint (PostgreSQL 18).
    NotNull {
        /// The column.
        column: Identifier,
    },
}

/// `CREATE INDEX`.
#[derive(Clone, Debug)]
pub struct CreateIndex {
    /// Its name, if given.
    pub name: Option<Identifier>,
    /// The table.
    pub table: Name,
    /// `ON ONLY`.
    pub only: bool,
    /// `UNIQUE`.
    pub unique: bool,
    /// `CONCURRENTLY`.
    pub concurrently: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Its method.
    pub method: String,
    /// For each key column: the column, or `None` for an expression.
    pub columns: Vec<Option<Identifier>>,
    /// The names that the server would build the index's name from, key and included columns.
    pub name_parts: Vec<String>,
    /// All columns that it reads.
    pub reads: Vec<Identifier>,
    /// Whether it has a predicate.
    pub partial: bool,
    /// All that stands after `ON table`.
    pub definition: String,
}

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
    /// `ATTACH PARTITION`.
    AttachPartition {
        /// The part.
        part: Name,
    },
    /// No reader for it.
    NotUnderstood(String),
}

/// `UPDATE`.
#[derive(Clone, Debug)]
pub struct Update {
    /// The table.
    pub table: Name,
    /// Its alias.
    pub alias: Option<Identifier>,
    /// Column and value.
    pub set: Vec<(Identifier, SetValue)>,
    /// The `WHERE` clause, split at its topmost `AND`s.
    pub conjuncts: Vec<Expression>,
    /// The whole `WHERE` clause.
    pub filter: Option<Expression>,
    /// `FROM`, `WITH`, `RETURNING`: what is there beyond an update of own rows.
    pub beyond: Option<&'static str>,
}

/// What a column is set to.
#[derive(Clone, Debug)]
pub enum SetValue {
    /// An expression.
    Expression(Expression),
    /// `DEFAULT`.
    Default,
}

/// `INSERT`.
#[derive(Clone, Debug)]
pub struct Insert {
    /// The table.
    pub table: Name,
    /// How many rows `VALUES` lists; `None` where they come from a query.
    pub value_rows: Option<usize>,
    /// `ON CONFLICT DO UPDATE`.
    pub updates_on_conflict: bool,
    /// Whether a value is a sub-select, or a CTE is there.
    pub reads_tables: bool,
}

/// `CREATE` of something that only adds.
#[derive(Clone, Debug)]
pub struct CreateOther {
    /// `schema`, `extension`, …
    pub object: &'static str,
    /// Its name, where it has one of its own.
    pub name: Option<Name>,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Relations that it belongs to.
    pub relations: Vec<Name>,
}

/// `CREATE TRIGGER`.
#[derive(Clone, Debug)]
pub struct CreateTrigger {
    /// Its name.
    pub name: Identifier,
    /// The table.
    pub table: Name,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `BEFORE`.
    pub before: bool,
    /// `FOR EACH ROW`.
    pub row: bool,
    /// On `INSERT`.
    pub on_insert: bool,
    /// On `UPDATE`.
    pub on_update: bool,
    /// `UPDATE OF`.
    pub update_columns: Vec<Identifier>,
}

/// `CREATE VIEW`.
#[derive(Clone, Debug)]
pub struct CreateView {
    /// Its name.
    pub name: Name,
    /// Whether it is a materialised one.
    pub materialized: bool,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `TEMPORARY`.
    pub temporary: bool,
    /// `WITH NO DATA`.
    pub no_data: bool,
    /// The relations that it reads.
    pub reads: Vec<Name>,
}

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
