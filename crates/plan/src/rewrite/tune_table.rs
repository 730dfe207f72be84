//! Actions of `ALTER TABLE` that change neither what is stored nor what may be written: `SET (…)`,
//! `SET STATISTICS`, `OWNER TO`, ….

use super::{Form, Planned};
use crate::{
    change::{AlterOwner, TuneTable},
    model::{catalog::Relation, step::Phase},
    sql::statement::{AlterAction, AlterKind},
    world::{Draft, Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Action(relation, action) = form else { return None };
    matches!(action.kind, AlterKind::Tune | AlterKind::OwnerTo)
        .then(|| plan(work, relation, action))
}

fn plan(work: &mut Work<'_>, relation: &Relation, action: &AlterAction) -> Result<(), Refused> {
    let title = format!("alter {}: {}", relation.name.plain(), action.text.to_lowercase());
    let (table, text) = (relation.name.clone(), action.text.clone());
    let change = match action.kind {
        AlterKind::OwnerTo => AlterOwner { table, action: text }.into(),
        _ => TuneTable { table, action: text }.into(),
    };
    let draft = Draft::ddl("alter", Phase::Expand, title, vec![change])
        .reason("changes neither what is stored nor what may be written")
        .joins();
    work.emit(draft).map(|_| ())
}
