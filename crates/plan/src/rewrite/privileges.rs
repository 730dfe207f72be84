//! `GRANT`, `REVOKE` and `ALTER DEFAULT PRIVILEGES`.

use super::{Form, Planned};
use crate::{
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
    let changes = super::comes_to(work)?;
    let draft = if revokes {
        Draft::ddl("privileges", Phase::Contract, "revoke privileges", changes)
            .floor(work.floor())
            .reason("older releases may use what is taken away")
    } else {
        Draft::ddl("privileges", Phase::Expand, "grant privileges", changes)
            .reason("grants take nothing away")
    };
    work.emit(draft).map(|_| ())
}
