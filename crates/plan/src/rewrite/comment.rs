//! `COMMENT ON`.

use super::{Form, Planned, table};
use crate::{
    sql::{StatementKind as Kind, statement::Name},
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::Comment { relation }) = form else { return None };
    Some(plan(work, relation.as_ref()))
}

fn plan(work: &mut Work<'_>, relation: Option<&Name>) -> Result<(), Refused> {
    let mut draft = super::draft_as_written(work, "comment", "comment".to_owned())?
        .reason("a comment changes nothing");
    if let Some(name) = relation {
        let qualified = work.world.resolve(name);
        if work.world.relation(&qualified).is_none() {
            return Err(table::unknown_table(&qualified));
        }
        for subject in super::columns_made(work, &qualified) {
            draft = draft.needs(subject);
        }
    }
    work.emit(draft).map(|_| ())
}
