//! `GRANT`, `REVOKE` and `ALTER DEFAULT PRIVILEGES`.

use super::{Form, Planned};
use crate::{
    change::Subject,
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
    if revokes {
        let draft = Draft::ddl("privileges", Phase::Contract, "revoke privileges", changes)
            .floor(work.floor())
            .reason("older releases may use what is taken away");
        return work.emit(draft).map(|_| ());
    }
    let draft = Draft::ddl("privileges", Phase::Expand, "grant privileges", changes.clone())
        .reason("grants take nothing away");
    work.emit(draft)?;
    if work.world.records.made(&Subject::Revoked).is_none() {
        return Ok(());
    }
    // Of what, its text does not say: a grant that was not taken away changes nothing.
    let again = Draft::ddl("again", Phase::Contract, "grant privileges again", changes)
        .needs(Subject::Revoked)
        .floor(work.floor())
        .reason(
            "a REVOKE that is written before it and comes only in the contract may take them away",
        );
    work.emit(again).map(|_| ())
}
