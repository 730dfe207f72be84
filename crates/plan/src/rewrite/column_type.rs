//! `ALTER COLUMN … TYPE`: rewrites the table, or breaks older releases' prepared statements; only a
//! change that the server makes in the catalog alone can be allowed.

use super::table;
use crate::{
    change::AlterColumnType,
    model::{catalog::Relation, identifier::Identifier, step::Phase},
    rule,
    world::{Draft, Refused, Work, types},
};

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
    let after = types::canonical(type_sql);
    let indexed_by_others = relation.views.first();
    if let Some(view) = indexed_by_others {
        return Err(Refused::new(
            &rule::view_depends::RULE,
            format!("the view {} reads {}", view.plain(), relation.name.plain()),
            "drop the view in an earlier release, and create it again afterwards",
        ));
    }
    if using || !is_catalog_only(&before, &after) {
        return Err(Refused::new(
            &rule::rewrites_table::RULE,
            format!("{title} from {before} to {after} rewrites the whole table under a lock"),
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

/// Whether the server changes only the catalog: varchar to a longer one or to text.
fn is_catalog_only(before: &str, after: &str) -> bool {
    let length = |name: &str| -> Option<u32> {
        name.strip_prefix("character varying(")?.strip_suffix(')')?.parse().ok()
    };
    let is_varchar = before.starts_with("character varying") && !before.ends_with("[]");
    match (is_varchar, after) {
        (true, "text" | "character varying") => true,
        (true, _) => matches!((length(before), length(after)), (Some(b), Some(a)) if a >= b),
        (false, _) => before == after || (before == "text" && after == "character varying"),
    }
}
