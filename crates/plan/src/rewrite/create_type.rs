//! `CREATE TYPE` and `CREATE DOMAIN`.

use super::{Form, Planned};
use crate::{
    sql::{StatementKind as Kind, statement::Name},
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::CreateType { name } | Kind::CreateDomain { name, .. }) = form else {
        return None;
    };
    Some(plan(work, name))
}

fn plan(work: &mut Work<'_>, name: &Name) -> Result<(), Refused> {
    let name = work.world.resolve_new(name);
    let draft =
        super::draft_as_written(work, "create_type", format!("create type {}", name.plain()))?
            .reason("a new type disturbs nobody");
    work.emit(draft).map(|_| ())
}
