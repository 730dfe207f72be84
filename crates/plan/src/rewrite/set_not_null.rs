//! `SET NOT NULL` without a scan under a lock: a CHECK that is not valid yet, its validation, then
//! the column's mark, for which the server trusts the CHECK.

use super::{Form, Planned, table};
use crate::{
    change::{self, AddConstraint, AlterNotNull, DropConstraint},
    model::{
        catalog::{Constraint, ConstraintKind, Relation},
        identifier::Identifier,
        step::{ConstraintValidate, Phase, StepKind},
    },
    sql::statement::AlterKind,
    world::{Draft, Refused, Work, names::default_constraint_name},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Action(relation, action) = form else { return None };
    let AlterKind::SetNotNull { column } = &action.kind else { return None };
    Some(plan(work, relation, column))
}

/// Plans `SET NOT NULL`.
pub(super) fn plan(
    work: &mut Work<'_>,
    relation: &Relation,
    column: &Identifier,
) -> Result<(), Refused> {
    table::has_column(relation, column)?;
    if relation.column(column).is_some_and(|found| found.not_null) {
        let title = format!("{}.{}", relation.name.plain(), column.as_str());
        return super::nothing_to_do(work, format!("{title} is NOT NULL already"));
    }
    let (phase, reason) = match (guarantee(work, relation, column), work.old_complies()) {
        (Some(guarantee), _) => (Phase::Online, guarantee.to_owned()),
        (None, Some(because)) => {
            (Phase::Online, format!("the author says that older releases comply: {because}"))
        }
        (None, None) => {
            (Phase::Contract, "older releases may write NULL, which a NOT NULL rejects".to_owned())
        }
    };
    steps(work, relation, column, phase, &reason)
}

/// Why older releases cannot leave the column NULL, where they cannot.
fn guarantee(work: &Work<'_>, relation: &Relation, column: &Identifier) -> Option<&'static str> {
    let by_trigger = work
        .world
        .syncs_touching(&relation.name, column)
        .iter()
        .any(|sync| sync.never_null.contains(column));
    let has_default = relation.column(column).is_some_and(|found| found.default.is_some());
    let key = (relation.name.clone(), column.clone());
    match work.world.new_columns.get(&key) {
        _ if by_trigger => Some("the trigger never leaves the column NULL, for any writer"),
        Some(Some(_)) if has_default => {
            Some("the default gives a value to rows of releases that do not know the column")
        }
        _ => None,
    }
}

/// The three steps, in a phase that the caller answers for.
pub(super) fn steps(
    work: &mut Work<'_>,
    relation: &Relation,
    column: &Identifier,
    phase: Phase,
    reason: &str,
) -> Result<(), Refused> {
    let table = &relation.name;
    let title = format!("{}.{}", table.plain(), column.as_str());
    let columns = std::slice::from_ref(column);
    let check = default_constraint_name(&work.world.catalog, table, columns, "not_null_check");
    let drop_check = DropConstraint { table: table.clone(), name: check.clone(), if_exists: true };
    let add_check = AddConstraint {
        table: table.clone(),
        constraint: Constraint {
            name: check.clone(),
            kind: ConstraintKind::Check,
            columns: columns.to_vec(),
            definition: format!("CHECK ({column} IS NOT NULL)"),
            validated: false,
            ..Constraint::default()
        },
        using_index: None,
        look: Some(change::breaking_check(relation, &format!("{column} IS NOT NULL"))),
    };
    let set_not_null =
        AlterNotNull { table: table.clone(), column: column.clone(), not_null: true };
    let at_floor = |draft: Draft| match phase {
        Phase::Contract => draft.floor(work.floor()),
        _ => draft,
    };
    let add = at_floor(Draft::ddl(
        "not_null_check",
        phase,
        format!("reject NULL in {title} from now on"),
        vec![add_check.into()],
    ))
    .reason(reason);
    let validate = at_floor(Draft::new(
        "not_null_validate",
        phase,
        format!("check that no row of {title} is NULL"),
        StepKind::ConstraintValidate(ConstraintValidate {
            table: table.clone(),
            constraint: check.clone(),
        }),
    ))
    .reason("the scan blocks neither reads nor writes");
    let set = at_floor(Draft::ddl(
        "set_not_null",
        phase,
        format!("set {title} NOT NULL"),
        vec![set_not_null.into(), drop_check.into()],
    ))
    .reason("the validated CHECK spares the server the scan; it has served and goes");
    let add = work.emit(add)?;
    let validate = work.emit(validate.after(&add))?;
    work.emit(set.after(&validate)).map(|_| ())
}
