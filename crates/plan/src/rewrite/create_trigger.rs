//! `CREATE TRIGGER`: it fires for what older releases write too.

use super::{Form, Planned, table};
use crate::{
    derivation::TRIGGER_PREFIX,
    model::catalog::RelationKind,
    rule,
    sql::{StatementKind as Kind, statement::CreateTrigger},
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::CreateTrigger(create)) = form else { return None };
    Some(plan(work, create))
}

fn plan(work: &mut Work<'_>, create: &CreateTrigger) -> Result<(), Refused> {
    let qualified = work.world.resolve(&create.table);
    let relation =
        work.world.relation(&qualified).cloned().ok_or_else(|| table::unknown_table(&qualified))?;
    let on_view = relation.kind == RelationKind::View && create.row && !create.instead;
    if on_view || relation.kind == RelationKind::MaterializedView {
        return Err(Refused::new(
            &rule::not_a_table::RULE,
            format!("{} holds no rows of its own that a trigger could see", qualified.plain()),
            "put the trigger on the table behind it; a view can have INSTEAD OF triggers",
        ));
    }
    if create.before && create.row && create.name.as_str() >= TRIGGER_PREFIX {
        return Err(Refused::new(
            &rule::trigger_sorts_last::RULE,
            format!(
                "{} would fire after sync triggers and change what they read",
                create.name.as_str()
            ),
            "choose a name that sorts before `zzzz_changeover`",
        ));
    }
    let exists = relation.triggers.iter().any(|found| found.name == create.name);
    if exists && create.or_replace {
        work.refuse_unless_allowed(Refused::new(
            &rule::replaces_trigger::RULE,
            format!("releases that serve rely on the trigger {}", create.name.as_str()),
            "give the new one another name, or write `-- changeover: allow=replaces-trigger because \
             \"…\"`",
        ))?;
    }
    let title = format!("create trigger {} on {}", create.name.as_str(), qualified.plain());
    let draft = super::draft_as_written(work, "create_trigger", title)?
        .reason("it fires for what older releases write too, from now on");
    work.emit(draft).map(|_| ())
}
