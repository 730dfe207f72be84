//! `ALTER SEQUENCE` other than a rename.

use super::{Form, Planned};
use crate::{
    change::Subject,
    sql::{StatementKind as Kind, statement::Name},
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::AlterSequence { name }) = form else { return None };
    Some(plan(work, name))
}

fn plan(work: &mut Work<'_>, name: &Name) -> Result<(), Refused> {
    let qualified = work.world.resolve(name);
    if work.world.is_new(&qualified)
        || work.world.records.made(&Subject::Relation(qualified.clone())).is_some()
    {
        let draft = super::draft_as_written(
            work,
            "alter",
            format!("alter sequence {}", qualified.plain()),
        )?
        .reason("the sequence is new");
        return work.emit(draft).map(|_| ());
    }
    Err(super::not_understood("ALTER SEQUENCE of a sequence that releases use"))
}
