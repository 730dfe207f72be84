//! `ATTACH PARTITION`: a part that nobody uses yet comes to a table that is used.

use super::{Form, Planned, table};
use crate::{
    change::AttachPartition,
    model::{catalog::Relation, step::Phase},
    rule,
    sql::statement::{AlterAction, AlterKind, Name},
    world::{Draft, Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Action(relation, action) = form else { return None };
    let AlterKind::AttachPartition { part } = &action.kind else { return None };
    Some(plan(work, relation, action, part))
}

fn plan(
    work: &mut Work<'_>,
    relation: &Relation,
    action: &AlterAction,
    part: &Name,
) -> Result<(), Refused> {
    let part_name = table::existing(work, part)?.name;
    if !work.world.is_new(&part_name) {
        return Err(Refused::new(
            &rule::attach_partition::RULE,
            format!("{} may hold rows, which would be scanned under a lock", part_name.plain()),
            "attach a table that this upgrade creates, or use CREATE TABLE … PARTITION OF",
        ));
    }
    let title = format!("attach {} to {}", part_name.plain(), relation.name.plain());
    let change = AttachPartition {
        table: relation.name.clone(),
        part: part_name,
        action: action.text.clone(),
    };
    let draft = Draft::ddl("attach", Phase::Expand, title, vec![change.into()])
        .reason("an empty part adds room for rows and changes none");
    work.emit(draft).map(|_| ())
}
