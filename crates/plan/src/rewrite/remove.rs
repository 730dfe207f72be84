//! `DELETE`, `TRUNCATE`, `MERGE`: fine on a table that this upgrade makes.

use super::{Form, Planned, table};
use crate::{
    rule,
    sql::{StatementKind as Kind, statement::Name},
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::Remove { verb, tables, .. }) = form else { return None };
    Some(plan(work, verb, tables))
}

fn plan(work: &mut Work<'_>, verb: &'static str, tables: &[Name]) -> Result<(), Refused> {
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
