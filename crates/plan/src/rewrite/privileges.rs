//! `GRANT`, `REVOKE` and `ALTER DEFAULT PRIVILEGES`.

use super::{Form, Planned};
use crate::{
    change,
    model::step::Phase,
    sql::StatementKind as Kind,
    world::{Draft, Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::Privileges { revokes }) = form else { return None };
    Some(plan(work, *revokes))
}

fn plan(work: &mut Work<'_>, revokes: bool) -> Result<(), Refused> {
    let draft = if revokes {
        as_written_in(work, Phase::Contract, "revoke privileges")?
            .floor(work.floor())
            .reason("older releases may use what is taken away")
    } else {
        as_written_in(work, Phase::Expand, "grant privileges")?.reason("grants take nothing away")
    };
    work.emit(draft).map(|_| ())
}

fn as_written_in(work: &Work<'_>, phase: Phase, title: &str) -> Result<Draft, Refused> {
    let changes = change::written(&work.world.catalog, work.statement)
        .ok_or_else(|| super::not_understood("what it changes"))?;
    Ok(Draft::ddl("privileges", phase, title, changes))
}
