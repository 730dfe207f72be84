//! Statements that add or remove rows by themselves, and those that run whatever they like.

use super::table;
use crate::{
    change::{Subject, WriteRows},
    model::{lock::LockMode, step::Phase},
    rule,
    sql::statement::{Insert, Name},
    world::{Draft, Refused, Work},
};

/// How many rows an `INSERT` may list to pass as seed data; they are all in one short transaction.
const SEED_ROWS_MAX: usize = 1000;

/// Plans `INSERT`.
pub(super) fn insert(work: &mut Work<'_>, insert: &Insert) -> Result<(), Refused> {
    let relation = table::existing(work, &insert.table)?;
    super::obstacle::kin::no_foreign_part(work, &relation)?;
    let is_new = work.world.is_new(&relation.name);
    if insert.reads_tables || insert.value_rows.is_none() {
        return Err(Refused::new(
            &rule::copies_rows::RULE,
            format!(
                "rows are copied into {} once; what older releases write meanwhile would be missing",
                relation.name.plain()
            ),
            "let the new release copy rows as it meets them; copying with a trigger comes with a \
             later release of Changeover",
        ));
    }
    if insert.value_rows.is_some_and(|rows| rows > SEED_ROWS_MAX) {
        return Err(Refused::new(
            &rule::too_many_rows::RULE,
            format!("more than {SEED_ROWS_MAX} rows in one transaction make others wait"),
            "insert them in several statements",
        ));
    }
    if insert.updates_on_conflict && !is_new {
        return Err(Refused::new(
            &rule::changes_rows::RULE,
            format!("rows of {} that releases use would be changed", relation.name.plain()),
            "write ON CONFLICT DO NOTHING",
        ));
    }
    let change = WriteRows {
        tables: vec![relation.name.clone()],
        mode: LockMode::RowExclusive,
        references: table::checked_against(work, &relation, Phase::Expand, |_| true),
        sql: work.statement.text.clone(),
    };
    let title = format!("insert rows into {}", relation.name.plain());
    let mut draft = Draft::ddl("insert", Phase::Expand, title, vec![change.into()])
        .reason("a few rows, in one short transaction");
    for (new_table, column) in work.world.new_columns.keys() {
        if new_table == &relation.name {
            draft = draft.needs(Subject::Column(new_table.clone(), column.clone()));
        }
    }
    work.emit(draft).map(|_| ())
}

/// Plans `DELETE`, `TRUNCATE`, `MERGE`.
pub(super) fn remove(
    work: &mut Work<'_>,
    verb: &'static str,
    tables: &[Name],
) -> Result<(), Refused> {
    let mut names = Vec::new();
    for name in tables {
        names.push(table::existing(work, name)?.name);
    }
    if names.iter().all(|name| work.world.is_new(name)) && verb != "MERGE" {
        return match names.first() {
            Some(name) => super::inline(work, &name.clone()),
            None => Err(super::not_understood(verb)),
        };
    }
    let plain: Vec<String> = names.iter().map(crate::QualifiedName::plain).collect();
    Err(Refused::new(
        &rule::removes_rows::RULE,
        format!("{verb} takes rows of {} away from releases that serve", plain.join(", ")),
        "let the new release remove them in small portions, or do it in a stop",
    ))
}

/// Plans `SET`, `RESET`, `set_config`.
pub(super) fn setting(name: &str) -> Refused {
    Refused::new(
        &rule::setting::RULE,
        format!("{name} is set for the session, which later steps do not share"),
        "remove it: the engine sets timeouts and the search path of each step itself",
    )
}

/// Plans `DO`.
pub(super) fn do_block() -> Refused {
    Refused::new(
        &rule::do_block::RULE,
        "what a DO block does is known only when it runs",
        "write the statements themselves",
    )
}

/// Plans `SELECT` and `CALL`.
pub(super) fn query() -> Refused {
    Refused::new(
        &rule::query::RULE,
        "a query changes nothing that an upgrade needs, or calls functions that change anything",
        "remove it, or write what it does as statements",
    )
}
