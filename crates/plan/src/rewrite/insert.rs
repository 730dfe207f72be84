//! `INSERT`: a few rows listed in the statement, as seed data.

use super::{Form, Planned, table};
use crate::{
    change::{Subject, WriteRows},
    model::{lock::LockMode, step::Phase},
    rule,
    sql::{StatementKind as Kind, statement::Insert},
    world::{Draft, Refused, Work},
};

/// How many rows an `INSERT` may list to pass as seed data; they are all in one short transaction.
const SEED_ROWS_MAX: usize = 1000;

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::Insert(insert)) = form else { return None };
    Some(plan(work, insert))
}

fn plan(work: &mut Work<'_>, insert: &Insert) -> Result<(), Refused> {
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
        acted_on: Vec::new(),
        open: false,
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
