//! Statements as our own data: what the planner works on.
//!
//! Names are as the catalog has them (folded, unquoted); texts are as written. Anything that has no
//! variant here is [`StatementKind::NotUnderstood`].

mod alter;
mod create;
mod drop;
mod table;
mod write;

pub use alter::{AlterAction, AlterKind, AlterTable};
pub use create::{CreateIndex, CreateOther, CreateTrigger, CreateView};
pub use drop::{Drop, DropObject};
pub use table::{ColumnDefinition, ConstraintBody, ConstraintDefinition, CreateTable};
pub use write::{Insert, SetValue, Update};

use super::directive::{DirectiveError, Directives};
use crate::model::{
    catalog::{Domain, Volatility},
    identifier::Identifier,
};
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
        /// Statements in its `WITH` that write rows.
        with: Vec<StatementKind>,
    },
    /// `CREATE TYPE`.
    CreateType {
        /// Its name.
        name: Name,
    },
    /// `CREATE DOMAIN`.
    CreateDomain {
        /// Its name.
        name: Name,
        /// What it adds to its base type, all as written.
        domain: Domain,
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
