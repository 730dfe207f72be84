//! From a statement as its author wrote it to changes.
//!
//! Nothing is decided here: a rewrite may put other changes in their place. Used for statements that
//! run as they are written, for those that are refused (so that one refusal brings about no
//! others), and for steps that a ledger of format 1 keeps as text.

mod alter;
mod constraint;
mod create;
mod drop;
mod objects;
mod rows;
mod set_off;

pub(crate) use alter::{action, add_column, is_volatile};
pub(crate) use constraint::{add_constraint, constraint_name};
pub(crate) use create::{create_index, create_table};

use crate::change::{AlterSequence, Analyze, Change, ChangePrivileges, Comment, CreatePolicy};
use crate::{
    model::catalog::Catalog,
    sql::{Statement, StatementKind, statement::Name},
};
use alter::alter_table;
use drop::{drops, rename};

/// What a statement comes to; `None` where that is not understood.
pub type WrittenChanges = Option<Vec<Change>>;

/// The changes that a statement comes to, as its author wrote it.
pub fn written(catalog: &Catalog, statement: &Statement) -> WrittenChanges {
    let sql = || statement.text.clone();
    let resolve = |name: &Name| catalog.resolve(name.schema.as_ref(), &name.name);
    Some(match &*statement.kind {
        StatementKind::Empty => Vec::new(),
        // Without names it is all tables that the role may analyse.
        StatementKind::Analyze { tables } if tables.is_empty() => return None,
        StatementKind::Analyze { tables } => {
            vec![Analyze { tables: tables.iter().map(resolve).collect(), sql: sql() }.into()]
        }
        StatementKind::CreateTable(create) => vec![create_table(catalog, create, sql()).into()],
        StatementKind::CreateIndex(create) => vec![create_index(catalog, create).into()],
        StatementKind::AlterTable(alter) => alter_table(catalog, alter)?,
        StatementKind::Update(_) | StatementKind::Insert(_) | StatementKind::Remove { .. } => {
            rows::written(catalog, statement)?
        }
        StatementKind::Comment { relation } => {
            vec![Comment { relation: relation.as_ref().map(resolve), sql: sql() }.into()]
        }
        StatementKind::Privileges { revokes } => {
            vec![ChangePrivileges { revokes: *revokes, sql: sql() }.into()]
        }
        StatementKind::CreatePolicy { table } => {
            vec![CreatePolicy { table: resolve(table), sql: sql() }.into()]
        }
        StatementKind::Drop(drop) => drops(catalog, drop, statement)?,
        StatementKind::AlterSequence { name } => {
            vec![AlterSequence { name: resolve(name), sql: sql() }.into()]
        }
        StatementKind::Rename { object, relation, names } => {
            rename(catalog, object, relation.as_ref()?, names.as_ref()?)?
        }
        StatementKind::CreateType { .. }
        | StatementKind::CreateDomain { .. }
        | StatementKind::AddEnumValue { .. }
        | StatementKind::CreateOther(_)
        | StatementKind::CreateFunction { .. }
        | StatementKind::CreateTrigger(_)
        | StatementKind::CreateView(_) => objects::written(catalog, statement)?,
        StatementKind::Broken { .. }
        | StatementKind::NotUnderstood { .. }
        | StatementKind::Transaction(_)
        | StatementKind::Setting { .. }
        | StatementKind::Do
        | StatementKind::Query => return None,
    })
}
