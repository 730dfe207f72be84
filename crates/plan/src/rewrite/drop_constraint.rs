//! `DROP CONSTRAINT`: one that only rejects is loosened in expand; one that older releases may rely
//! on (a key for `ON CONFLICT`, a foreign key that cascades) waits for contract.

use super::{Form, Planned, obstacle::dependant, table};
use crate::{
    change::DropConstraint,
    model::{
        catalog::{ConstraintKind, Object, Relation},
        identifier::Identifier,
        step::Phase,
    },
    rule,
    sql::statement::AlterKind,
    world::{Draft, Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Action(relation, action) = form else { return None };
    let AlterKind::DropConstraint { name, if_exists, cascade } = &action.kind else { return None };
    Some(plan(work, relation, name, *if_exists, *cascade))
}

/// Plans `DROP CONSTRAINT`.
pub(super) fn plan(
    work: &mut Work<'_>,
    relation: &Relation,
    name: &Identifier,
    if_exists: bool,
    cascade: bool,
) -> Result<(), Refused> {
    let title = format!("{} of {}", name.as_str(), relation.name.plain());
    let Some(constraint) = relation.constraints.iter().find(|found| &found.name == name) else {
        if if_exists {
            return super::nothing_to_do(work, format!("there is no constraint {title}"));
        }
        return Err(unknown(relation, name));
    };
    if cascade {
        return Err(super::cascade());
    }
    let (phase, reason) = placement(&constraint.kind);
    if constraint.kind == ConstraintKind::PrimaryKey
        && let Some(other) = table::referencing(work, &relation.name)
    {
        return Err(Refused::new(
            &rule::referenced::RULE,
            format!("a foreign key of {} points to {title}", other.plain()),
            "drop that foreign key in a statement before this one",
        ));
    }
    if constraint.inherited {
        return Err(Refused::new(
            &rule::inheritance::RULE,
            format!("{title} comes from the parent"),
            "drop the parent's constraint",
        ));
    }
    dependant::none(
        work,
        &Object::Constraint { relation: relation.name.clone(), name: name.clone() },
    )?;
    let change =
        DropConstraint { table: relation.name.clone(), name: name.clone(), if_exists: false };
    let title = format!("drop constraint {title}");
    let mut draft = Draft::ddl("drop_constraint", phase, title, vec![change.into()]).reason(reason);
    if phase == Phase::Contract {
        draft = draft.floor(work.unused_floor());
    }
    work.emit(draft).map(|_| ())
}

/// Whether older releases rely on the constraint.
fn placement(kind: &ConstraintKind) -> (Phase, &'static str) {
    match kind {
        ConstraintKind::Check | ConstraintKind::NotNull | ConstraintKind::Exclusion => {
            (Phase::Expand, "loosens: what older releases write is still accepted")
        }
        ConstraintKind::ForeignKey { acts: false, .. } => {
            (Phase::Expand, "loosens: it only rejects, and changes no rows")
        }
        ConstraintKind::ForeignKey { acts: true, .. } => (
            Phase::Contract,
            "older releases rely on rows being changed or deleted with the one they point to",
        ),
        ConstraintKind::PrimaryKey | ConstraintKind::Unique => {
            (Phase::Contract, "older releases rely on it for ON CONFLICT and for finding rows fast")
        }
    }
}

/// The refusal for a constraint that is not there.
pub(super) fn unknown(relation: &Relation, name: &Identifier) -> Refused {
    Refused::new(
        &rule::unknown_constraint::RULE,
        format!("{} has no constraint {}", relation.name.plain(), name.as_str()),
        "check the name; `\\d` in psql lists those that there are",
    )
}
