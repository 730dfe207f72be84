//! `ALTER COLUMN … TYPE`: rewrites the table, or breaks older releases' prepared statements; only a
//! change that the server makes in the catalog alone can be allowed.

use super::{Form, Planned, obstacle::dependant, table};
use crate::{
    change::AlterColumnType,
    model::{catalog::Relation, identifier::Identifier, step::Phase},
    rule,
    sql::statement::AlterKind,
    world::{Draft, Refused, Work, type_change, types},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Action(relation, action) = form else { return None };
    let AlterKind::SetType { column, type_sql, using } = &action.kind else { return None };
    Some(plan(work, relation, column, type_sql, *using))
}

/// Plans `TYPE`.
pub(super) fn plan(
    work: &mut Work<'_>,
    relation: &Relation,
    column: &Identifier,
    type_sql: &str,
    using: bool,
) -> Result<(), Refused> {
    table::has_column(relation, column)?;
    let title = format!("{}.{}", relation.name.plain(), column.as_str());
    let before = relation.column(column).map(|found| found.type_sql.clone()).unwrap_or_default();
    let after = types::in_catalog(&work.world.catalog, type_sql);
    if let Some(view) = dependant::view_of_column(work, relation, column) {
        return Err(Refused::new(
            &rule::view_depends::RULE,
            format!("the view {} reads {title}", view.plain()),
            "drop the view in an earlier release, and create it again afterwards",
        ));
    }
    dependant::no_stored_expression(work, relation, column)?;
    let why = match using {
        true => Some("computes every value by USING, and rewrites the whole table".to_owned()),
        false => type_change::reason(
            &work.world.catalog,
            relation,
            column,
            &after,
            type_change::collation_of(type_sql).as_deref(),
        ),
    };
    if let Some(why) = why {
        return Err(Refused::new(
            &rule::rewrites_table::RULE,
            format!("{title} from {before} to {after} {why}"),
            format!(
                "write: ALTER TABLE … ADD COLUMN {}_new {after}; UPDATE … SET {}_new = {}; let the new \
                 release use it, and drop the old column in a later migration",
                column.as_str(),
                column.as_str(),
                column.as_str()
            ),
        ));
    }
    work.refuse_unless_allowed(Refused::new(
        &rule::type_change::RULE,
        format!(
            "{title} from {before} to {after} rewrites nothing, but prepared statements that older \
             releases keep fail once with 0A000"
        ),
        "add a new column instead, or write `-- changeover: allow=type-change because \"…\"` if \
         older releases prepare nothing or prepare again",
    ))?;
    let change = AlterColumnType {
        table: relation.name.clone(),
        column: column.clone(),
        type_sql: type_sql.to_owned(),
        canonical: after.clone(),
        rewrites: false,
    };
    let draft = Draft::ddl(
        "column_type",
        Phase::Expand,
        format!("widen {title} from {before} to {after}"),
        vec![change.into()],
    )
    .reason("the new type holds every value of the old one as it is stored: no row is rewritten")
    .joins();
    work.emit(draft).map(|_| ())
}
