//! Actions of `ALTER TABLE` that no release notices, but for the better: `NO FORCE ROW LEVEL SECURITY`,
//! `REPLICA IDENTITY FULL`.

use super::{Form, Planned};
use crate::{
    change::{FullReplicaIdentity, NoForceRowSecurity},
    model::{catalog::Relation, step::Phase},
    sql::statement::{AlterAction, AlterKind},
    world::{Draft, Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Action(relation, action) = form else { return None };
    matches!(action.kind, AlterKind::NoForceRowSecurity | AlterKind::ReplicaIdentityFull)
        .then(|| plan(work, relation, action))
}

fn plan(work: &mut Work<'_>, relation: &Relation, action: &AlterAction) -> Result<(), Refused> {
    let table = relation.name.plain();
    let (word, reason) = match action.kind {
        AlterKind::NoForceRowSecurity => (
            "no force row level security",
            "loosens for the owner alone: what services see and may write stays",
        ),
        _ => (
            "replica identity full",
            "updates and deletes are sent with the whole old row, and none is rejected",
        ),
    };
    let on = relation.name.clone();
    let change = match action.kind {
        AlterKind::NoForceRowSecurity => NoForceRowSecurity { table: on }.into(),
        _ => FullReplicaIdentity { table: on }.into(),
    };
    let title = format!("alter {table}: {word}");
    let draft = Draft::ddl("alter", Phase::Expand, title, vec![change]).reason(reason).joins();
    work.emit(draft).map(|_| ())
}
