//! `ENABLE TRIGGER` and `DISABLE TRIGGER` of one trigger: one that is disabled is as good as dropped, one
//! that is enabled as good as new.

use super::{Form, Planned};
use crate::{
    change::EnableTrigger,
    model::{catalog::Relation, identifier::Identifier, step::Phase},
    sql::statement::{AlterAction, AlterKind},
    world::{Draft, Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Action(relation, action) = form else { return None };
    let AlterKind::EnableTrigger { name, enabled } = &action.kind else { return None };
    Some(plan(work, relation, action, name, *enabled))
}

fn plan(
    work: &mut Work<'_>,
    relation: &Relation,
    action: &AlterAction,
    name: &Identifier,
    enabled: bool,
) -> Result<(), Refused> {
    if !relation.triggers.iter().any(|trigger| &trigger.name == name) {
        return Err(super::not_understood(&action.text));
    }
    let verb = if enabled { "enable" } else { "disable" };
    let title = format!("{verb} trigger {} of {}", name.as_str(), relation.name.plain());
    let (phase, reason) = match enabled {
        true => (Phase::Expand, "it fires for what older releases write too, from now on"),
        false => (Phase::Contract, "older releases rely on what it does"),
    };
    let change = EnableTrigger { table: relation.name.clone(), trigger: name.clone(), enabled };
    let mut draft = Draft::ddl("alter_trigger", phase, title, vec![change.into()]).reason(reason);
    if !enabled {
        draft = draft.floor(work.unused_floor());
    }
    work.emit(draft).map(|_| ())
}
