//! `ALTER TYPE … ADD VALUE`.

use super::{Form, Planned};
use crate::{
    sql::{StatementKind as Kind, statement::Name},
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::AddEnumValue { name }) = form else { return None };
    Some(plan(work, name))
}

fn plan(work: &mut Work<'_>, name: &Name) -> Result<(), Refused> {
    let title = format!("add a value to {}", name.name.as_str());
    let draft = super::draft_as_written(work, "enum_value", title)?.reason(
        "older releases go on with the values they know; the new one must not write the new value \
         before they can read it",
    );
    work.emit(draft).map(|_| ())
}
