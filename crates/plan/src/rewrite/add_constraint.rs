//! `ADD CONSTRAINT`: tightens, so it belongs into contract unless older releases comply.
//!
//! CHECK and FOREIGN KEY are added `NOT VALID` (which already rejects new rows) and validated by a
//! scan that blocks nobody. UNIQUE and PRIMARY KEY: see `add_key`.

use super::{
    Form, Planned, add_key, table,
    tightening::{at_floor, tightens},
};
use crate::{
    change::{self, AddConstraint, Subject},
    model::{
        catalog::{ConstraintKind, Relation, RelationKind},
        identifier::{Identifier, QualifiedName},
        lock::{LockHeld, LockMode},
        step::{ConstraintValidate, Phase, StepId, StepKind},
    },
    rule,
    sql::statement::{AlterKind, ConstraintBody, ConstraintDefinition},
    world::{Draft, Refused, Work},
};

/// The first major version on which a foreign key of a partitioned table may be NOT VALID.
const PARTITIONED_NOT_VALID_FROM: u32 = 180_000;

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Action(relation, action) = form else { return None };
    match &action.kind {
        AlterKind::AddConstraint(constraint) => Some(plan(work, relation, constraint)),
        AlterKind::ValidateConstraint { name } => {
            Some(validate(work, relation, name, Phase::Online, None))
        }
        _ => None,
    }
}

/// Plans `ADD CONSTRAINT`.
pub(super) fn plan(
    work: &mut Work<'_>,
    relation: &Relation,
    constraint: &ConstraintDefinition,
) -> Result<(), Refused> {
    let name = change::constraint_name(&work.world.catalog, &relation.name, constraint);
    if relation.constraints.iter().any(|found| found.name == name) {
        return Err(Refused::new(
            &rule::exists::RULE,
            format!("{} has a constraint {} already", relation.name.plain(), name.as_str()),
            "give the new one another name",
        ));
    }
    match &constraint.kind {
        ConstraintBody::Check { expression, .. } => {
            for column in expression.columns() {
                table::has_column(relation, &column)?;
            }
            not_valid(work, relation, constraint)
        }
        ConstraintBody::ForeignKey { columns, .. } => {
            for column in columns {
                table::has_column(relation, column)?;
            }
            foreign_key(work, relation, constraint)
        }
        ConstraintBody::Key { .. } => add_key::plan(work, relation, constraint, &name),
        ConstraintBody::NotNull { column } => super::set_not_null::plan(work, relation, column),
        ConstraintBody::Exclusion => Err(Refused::new(
            &rule::exclusion_constraint::RULE,
            "an exclusion constraint cannot be built without blocking writes",
            "add it in a stop, with no older release serving",
        )),
    }
}

/// `FOREIGN KEY`.
fn foreign_key(
    work: &mut Work<'_>,
    relation: &Relation,
    constraint: &ConstraintDefinition,
) -> Result<(), Refused> {
    referenced_must_be_there(work, constraint)?;
    if relation.kind == RelationKind::PartitionedTable
        && work.world.catalog.server_version < PARTITIONED_NOT_VALID_FROM
    {
        return Err(Refused::new(
            &rule::partitioned_foreign_key::RULE,
            "before PostgreSQL 18 a foreign key of a partitioned table cannot be NOT VALID",
            "add the foreign key to each part by itself, in statements of their own",
        ));
    }
    not_valid(work, relation, constraint)
}

/// CHECK and FOREIGN KEY.
fn not_valid(
    work: &mut Work<'_>,
    relation: &Relation,
    constraint: &ConstraintDefinition,
) -> Result<(), Refused> {
    let table = &relation.name;
    let (phase, reason) = tightens(work);
    let mut add = change::add_constraint(&work.world.catalog, table, constraint);
    add.constraint.validated = false;
    // With NOT VALID the author says that old rows may break it.
    if !constraint.not_valid {
        add.look = look(work, relation, constraint, &add);
    }
    let name = add.constraint.name.clone();
    let title = format!("reject what breaks {} of {} from now on", name.as_str(), table.plain());
    let mut draft = Draft::ddl("constraint", phase, title, vec![add.into()]).reason(reason);
    if let Some((target, columns)) = referenced(work, constraint) {
        for key in super::table::keys_made(work, &target) {
            draft = draft.needs(key);
        }
        for column in columns {
            draft = draft.needs(Subject::Column(target.clone(), column.clone()));
        }
    }
    let added = work.emit(at_floor(work, phase, draft))?;
    if constraint.not_valid {
        return Ok(());
    }
    let relation = table::existing_by_name(work, table)?;
    validate(work, &relation, &name, phase, Some(&added))
}

/// How rows that break a constraint are found beforehand.
fn look(
    work: &Work<'_>,
    relation: &Relation,
    constraint: &ConstraintDefinition,
    add: &AddConstraint,
) -> Option<String> {
    match &constraint.kind {
        ConstraintBody::Check { expression, .. } => {
            Some(change::breaking_check(relation, &expression.text))
        }
        ConstraintBody::ForeignKey { columns, referenced, .. } => change::breaking_reference(
            &work.world.catalog,
            relation,
            &add.constraint.kind,
            columns,
            referenced,
        ),
        _ => None,
    }
}

/// `VALIDATE CONSTRAINT`, also as the author writes it.
pub(super) fn validate(
    work: &mut Work<'_>,
    relation: &Relation,
    name: &Identifier,
    phase: Phase,
    after: Option<&StepId>,
) -> Result<(), Refused> {
    let table = &relation.name;
    let Some(found) = relation.constraints.iter().find(|found| &found.name == name) else {
        return Err(super::drop_constraint::unknown(relation, name));
    };
    let kind = StepKind::ConstraintValidate(ConstraintValidate {
        table: table.clone(),
        constraint: name.clone(),
    });
    let title = format!("check that no row of {} breaks {}", table.plain(), name.as_str());
    let mut draft = Draft::new("validate", phase, title, kind)
        .reason("the scan blocks neither reads nor writes");
    if let ConstraintKind::ForeignKey { references, .. } = &found.kind
        && references != table
    {
        draft = draft.lock(references, LockMode::RowShare, LockHeld::WholeStep);
    }
    if let Some(step) = after {
        draft = draft.after(step);
    }
    let draft = at_floor(work, phase, draft);
    work.emit(draft).map(|_| ())
}

/// The table that a foreign key points to, and the columns that it names.
fn referenced<'a>(
    work: &Work<'_>,
    constraint: &'a ConstraintDefinition,
) -> Option<(QualifiedName, &'a [Identifier])> {
    match &constraint.kind {
        ConstraintBody::ForeignKey { references, referenced, .. } => {
            Some((work.world.resolve(references), referenced))
        }
        _ => None,
    }
}

/// Makes sure that a foreign key's table is known.
pub(super) fn referenced_must_be_there(
    work: &Work<'_>,
    constraint: &ConstraintDefinition,
) -> Result<(), Refused> {
    match &constraint.kind {
        ConstraintBody::ForeignKey { references, .. } => {
            table::existing(work, references).map(|_| ())
        }
        _ => Ok(()),
    }
}
