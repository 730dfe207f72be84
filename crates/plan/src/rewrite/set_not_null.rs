//! `SET NOT NULL` without a scan under a lock: a CHECK that is not valid yet, its validation, then
//! the column's mark, for which the server trusts the CHECK.

use super::table;
use crate::{
    model::{
        catalog::Relation,
        identifier::Identifier,
        lock::{LockHeld, LockMode},
        step::{ConstraintValidate, Phase, StepKind},
    },
    world::{Draft, Refused, Subject, Work, names::default_constraint_name},
};

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
        _ if by_trigger => Some("the trigger never leaves the column NULL, whoever writes the row"),
        Some(true) if has_default => {
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
    let drop_check = format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {check}");
    let at_floor = |draft: Draft| match phase {
        Phase::Contract => draft.floor(work.floor()),
        _ => draft,
    };
    let add = at_floor(Draft::ddl(
        "not_null_check",
        phase,
        format!("reject NULL in {title} from now on"),
        vec![format!(
            "ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID"
        )],
    ))
    .lock(table, LockMode::AccessExclusive, LockHeld::Blink)
    .needs(Subject::Column(table.clone(), column.clone()))
    .needs(Subject::Filled(table.clone(), column.clone()))
    .reason(reason)
    .undo([drop_check.clone()]);
    let validate = at_floor(Draft::new(
        "not_null_validate",
        phase,
        format!("check that no row of {title} is NULL"),
        StepKind::ConstraintValidate(ConstraintValidate {
            table: table.clone(),
            constraint: check.clone(),
        }),
    ))
    .lock(table, LockMode::ShareUpdateExclusive, LockHeld::WholeStep)
    .reason("the scan blocks neither reads nor writes");
    let set = at_floor(Draft::ddl(
        "set_not_null",
        phase,
        format!("set {title} NOT NULL"),
        vec![format!("ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL"), drop_check],
    ))
    .lock(table, LockMode::AccessExclusive, LockHeld::Blink)
    .reason("the validated CHECK spares the server the scan; it has served and goes")
    .undo([format!("ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL")]);
    let add = work.emit(add)?;
    let validate = work.emit(validate.after(&add))?;
    work.emit(set.after(&validate))?;
    work.world.simulate_column(table, column, |column| column.not_null = true);
    Ok(())
}
