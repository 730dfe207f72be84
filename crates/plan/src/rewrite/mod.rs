//! Rewrites: from one statement to the steps that do the same while older releases serve.
//!
//! One file for each form of statement; `expression` says which expressions a trigger may compute,
//! `table` finds tables and their keys. A rewrite either emits its steps and plays their effect on
//! the catalog, or refuses with a rule's name, a reason and what to write instead.

mod add_column;
mod add_constraint;
mod add_key;
mod alter_column;
mod alter_table;
mod column_type;
mod create_index;
mod create_object;
mod create_table;
mod create_view;
mod drop_column;
mod drop_constraint;
mod drop_object;
mod expression;
pub(crate) mod obstacle;
mod rename;
mod rows;
mod set_not_null;
mod table;
mod tightening;
mod update_whole_table;

use crate::{
    change::{self, AsWritten, Change},
    model::{identifier::QualifiedName, step::Phase},
    rule,
    sql::{StatementKind as Kind, statement::Transaction},
    world::{Draft, Refused, Work},
};

/// Plans one statement.
pub(crate) fn statement(work: &mut Work<'_>) -> Result<(), Refused> {
    let statement = work.statement;
    obstacle::right::of_statement(work)?;
    match &*statement.kind {
        Kind::Empty | Kind::Transaction(Transaction::Begin | Transaction::Commit) => Ok(()),
        Kind::Transaction(Transaction::Rollback) => Err(Refused::new(
            &rule::transaction_control::RULE,
            "a migration that rolls back does nothing",
            "remove the ROLLBACK",
        )),
        Kind::Broken { message, .. } => Err(Refused::new(
            &rule::syntax_error::RULE,
            format!("the statement cannot be parsed: {message}"),
            "correct it; `psql` says what the server makes of it",
        )),
        Kind::NotUnderstood { what } => Err(not_understood(what)),
        Kind::CreateTable(table) => create_table::plan(work, table),
        Kind::CreateIndex(index) => create_index::plan(work, index),
        Kind::AlterTable(alter) => alter_table::plan(work, alter),
        Kind::Update(update) => update_whole_table::plan(work, update),
        Kind::Insert(insert) => rows::insert(work, insert),
        Kind::Remove { verb, tables } => rows::remove(work, verb, tables),
        Kind::CreateType { name } | Kind::CreateDomain { name, .. } => {
            create_object::create_type(work, name)
        }
        Kind::AddEnumValue { name } => create_object::add_enum_value(work, name),
        Kind::CreateOther(create) => create_object::other(work, create),
        Kind::CreateFunction { name, or_replace, volatility } => {
            create_object::function(work, name, *or_replace, *volatility)
        }
        Kind::CreateTrigger(create) => create_object::trigger(work, create),
        Kind::CreateView(create) => create_view::plan(work, create),
        Kind::Comment { relation } => create_object::comment(work, relation.as_ref()),
        Kind::Privileges { revokes } => create_object::privileges(work, *revokes),
        Kind::CreatePolicy { table } => policy(work, &work.world.resolve(table)),
        Kind::Drop(drop) => drop_object::plan(work, drop),
        Kind::Rename { object, relation, names } => {
            rename::plan(work, object, relation.as_ref(), names.as_ref())
        }
        Kind::AlterSequence { name } => create_object::alter_sequence(work, name),
        Kind::Setting { name } => Err(rows::setting(name)),
        Kind::Do => Err(rows::do_block()),
        Kind::Query => Err(rows::query()),
        Kind::Analyze { .. } => Err(not_understood("ANALYZE; autovacuum does it by itself")),
    }
}

/// Law 6: what is not understood is refused.
fn not_understood(what: &str) -> Refused {
    Refused::new(
        &rule::not_understood::RULE,
        format!("Changeover does not know what this does to releases that serve: {what}"),
        "split it into statements of the forms that the guide lists, or run the upgrade at once, with \
         no older release serving",
    )
}

/// `CASCADE` takes along what nobody has looked at.
fn cascade() -> Refused {
    Refused::new(
        &rule::cascade::RULE,
        "CASCADE drops whatever depends on it, also what releases that serve use",
        "drop what depends on it by name, and leave CASCADE out",
    )
}

/// The changes that the statement comes to.
fn comes_to(work: &Work<'_>) -> Result<Vec<Change>, Refused> {
    change::written(&work.world.catalog, work.statement)
        .ok_or_else(|| not_understood("what it changes"))
}

/// The statement as it is written, with the changes that it comes to.
fn written(work: &Work<'_>) -> Result<Vec<Change>, Refused> {
    let changes = comes_to(work)?;
    Ok(vec![AsWritten { sql: work.statement.text.clone(), changes }.into()])
}

/// A step of expand that runs the statement as it is written.
fn as_it_is_written(
    work: &mut Work<'_>,
    part: &str,
    title: String,
    reason: &str,
) -> Result<(), Refused> {
    let draft = Draft::ddl(part, Phase::Expand, title, written(work)?).reason(reason);
    work.emit(draft).map(|_| ())
}

/// A statement about a new table, as it is written.
fn inline(work: &mut Work<'_>, table: &QualifiedName) -> Result<(), Refused> {
    let title = format!("run as written on {}, which is new", table.plain());
    as_it_is_written(work, "inline", title, "the table is new: nobody waits for it")
}

/// `IF EXISTS` and `IF NOT EXISTS` that find it so: listed, and nothing is run.
fn nothing_to_do(work: &mut Work<'_>, title: String) -> Result<(), Refused> {
    let draft = Draft::ddl("nothing", Phase::Expand, format!("nothing to do: {title}"), Vec::new())
        .reason("the statement says that this is fine");
    work.emit(draft).map(|_| ())
}

/// `CREATE POLICY`: fine on a new table, where nobody reads or writes yet.
fn policy(work: &mut Work<'_>, table: &QualifiedName) -> Result<(), Refused> {
    if work.world.is_new(table) {
        return inline(work, table);
    }
    Err(Refused::new(
        &rule::row_security::RULE,
        "row security decides what releases that serve see and may write",
        "change it in a stop, with no older release serving",
    ))
}
