//! `CREATE SCHEMA`, `EXTENSION`, `SEQUENCE`, `STATISTICS`, `COLLATION`: what only adds.

use super::{Form, Planned, table};
use crate::{
    model::identifier::QualifiedName,
    sql::{StatementKind as Kind, statement::CreateOther},
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::CreateOther(create)) = form else { return None };
    Some(plan(work, create))
}

fn plan(work: &mut Work<'_>, create: &CreateOther) -> Result<(), Refused> {
    let named = create.name.as_ref().map(|name| work.world.resolve_new(name));
    let label = named.as_ref().map(QualifiedName::plain).unwrap_or_default();
    let title = format!("create {} {label}", create.object);
    let draft = super::draft_as_written(work, "create", title.trim_end().to_owned())?
        .reason(format!("a new {} disturbs nobody", create.object));
    for relation in &create.relations {
        table::existing(work, relation)?;
    }
    if let Some(name) = named.filter(|_| create.object == "sequence")
        && work.world.relation(&name).is_some()
        && create.if_not_exists
    {
        return super::nothing_to_do(work, format!("sequence {} is there", name.plain()));
    }
    work.emit(draft).map(|_| ())
}
