//! `CREATE FUNCTION` and `CREATE PROCEDURE`.

use super::{Form, Planned};
use crate::{
    change::Subject,
    rule,
    sql::{StatementKind as Kind, statement::Name},
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::CreateFunction { name, or_replace, .. }) = form else { return None };
    Some(plan(work, name, *or_replace))
}

fn plan(work: &mut Work<'_>, name: &Name, or_replace: bool) -> Result<(), Refused> {
    let function = name.name.clone();
    let known = work.world.catalog.functions.get(function.as_str()).copied();
    let ours = work.world.records.made(&Subject::Function(function.clone())).is_some();
    if or_replace && known.is_some() && !ours {
        work.refuse_unless_allowed(Refused::new(
            &rule::replaces_function::RULE,
            format!("a function {} is there already, and releases that serve call it", function.as_str()),
            "give the new one another name, or write `-- changeover: allow=replaces-function because \
             \"…\"` if the new one does for older releases what they expect",
        ))?;
    }
    let draft = super::draft_as_written(
        work,
        "create_function",
        format!("create function {}", function.as_str()),
    )?
    .reason("a new function disturbs nobody");
    work.emit(draft).map(|_| ())
}
