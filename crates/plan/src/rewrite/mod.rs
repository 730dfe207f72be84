//! Rewrites: from one statement to the steps that do the same while older releases serve.
//!
//! One file for each form of statement; `expression` says which expressions a trigger may compute,
//! `table` finds tables and their keys. A rewrite either emits its steps and plays their effect on
//! the catalog, or refuses with a rule's name, a reason and what to write instead.
//!
//! A new rewrite: `rewrite/NAME.rs` with `fn rewrite(work, form) -> Planned`, and its name in the list of
//! `rewrites!` below. What it makes of a form is tested in the same file, or in `planner/tests`.

mod add_key;
mod expression;
pub(crate) mod obstacle;
mod table;
#[cfg(test)]
mod tests;
mod tightening;

use crate::{
    change::{self, AsWritten, Change, Subject},
    model::{catalog::Relation, identifier::QualifiedName, step::Phase},
    rule,
    sql::{
        StatementKind as Kind, one_line,
        statement::{AlterAction, AlterKind},
    },
    world::{Draft, Refused, Work},
};

/// Declares the modules, and [`ALL`], the list of rewrites. Their order doesn't matter: a form has one.
macro_rules! rewrites {
    ($($name:ident,)+) => {
        $(mod $name;)+

        const ALL: &[Rewrite] = &[$($name::rewrite,)+];
    };
}

rewrites! {
    add_column,
    add_constraint,
    add_enum_value,
    alter_column,
    alter_sequence,
    alter_table,
    analyze,
    attach_partition,
    column_type,
    comment,
    create_function,
    create_index,
    create_other,
    create_table,
    create_trigger,
    create_type,
    create_view,
    do_block,
    drop_column,
    drop_constraint,
    drop_object,
    enable_trigger,
    insert,
    loosen_table,
    privileges,
    query,
    remove,
    rename,
    row_security,
    set_not_null,
    setting,
    transaction,
    tune_table,
    update_whole_table,
}

/// What is to be planned.
#[derive(Clone, Copy, Debug)]
enum Form<'a> {
    /// A statement.
    Statement(&'a Kind),
    /// One action of an `ALTER TABLE` on a table that releases use.
    Action(&'a Relation, &'a AlterAction),
}

/// Its steps are emitted, or it is refused; `None` where it is none of this rewrite's forms.
type Planned = Option<Result<(), Refused>>;

/// Plans the forms that one file knows.
type Rewrite = fn(&mut Work<'_>, &Form<'_>) -> Planned;

/// Plans one statement.
pub(crate) fn statement(work: &mut Work<'_>) -> Result<(), Refused> {
    let statement = work.statement;
    obstacle::right::of_statement(work)?;
    looked_at(work)?;
    by_form(work, &Form::Statement(&statement.kind))
}

/// Refuses by the rules that look themselves.
fn looked_at(work: &Work<'_>) -> Result<(), Refused> {
    for (rule, look) in rule::LOOKING {
        let Some(found) = look(work.statement, &work.world.catalog) else { continue };
        let refused = Refused::new(rule, found.reason, found.remedy);
        match rule.allowable {
            true => work.refuse_unless_allowed(refused)?,
            false => return Err(refused),
        }
    }
    Ok(())
}

/// Plans a form by the rewrite that knows it; one that no rewrite knows is refused (law 6).
fn by_form(work: &mut Work<'_>, form: &Form<'_>) -> Result<(), Refused> {
    match ALL.iter().find_map(|rewrite| rewrite(work, form)) {
        Some(planned) => planned,
        None => Err(unknown(work, form)),
    }
}

fn unknown(work: &Work<'_>, form: &Form<'_>) -> Refused {
    match form {
        Form::Statement(Kind::Broken { message, .. }) => Refused::new(
            &rule::syntax_error::RULE,
            format!("the statement cannot be parsed: {message}"),
            "correct it; `psql` says what the server makes of it",
        ),
        Form::Statement(Kind::NotUnderstood { what }) => not_understood(what),
        Form::Statement(_) => not_understood(&one_line(&work.statement.text)),
        Form::Action(_, action) => match &action.kind {
            AlterKind::NotUnderstood(what) => not_understood(what),
            _ => not_understood(&action.text),
        },
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
        "CASCADE drops all that depends on it, also what releases that serve use",
        "drop what depends on it by name, and leave CASCADE out",
    )
}

/// The changes that the statement comes to.
fn comes_to(work: &Work<'_>) -> Result<Vec<Change>, Refused> {
    change::written(&work.world.catalog, work.statement)
        .ok_or_else(|| not_understood("what it changes"))
}

/// Begins a step of expand of the changes that the statement comes to as it is written.
fn draft_as_written(work: &Work<'_>, part: &str, title: String) -> Result<Draft, Refused> {
    Ok(Draft::ddl(part, Phase::Expand, title, comes_to(work)?))
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

/// Columns of a relation that this plan adds: what is made on it may read them.
fn columns_made(work: &Work<'_>, relation: &QualifiedName) -> Vec<Subject> {
    work.world
        .new_columns
        .keys()
        .filter(|(table, _)| table == relation)
        .map(|(table, column)| Subject::Column(table.clone(), column.clone()))
        .collect()
}
