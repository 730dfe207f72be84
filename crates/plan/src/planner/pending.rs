//! Plays unfinished steps of earlier plans on the catalog, so that the new plan stands on what they
//! will have made, and waits for them where it needs them.

use crate::world::{Provider, Subject, World};
use crate::{
    model::{
        catalog::Index,
        step::{Step, StepKind},
    },
    sql::{
        self,
        statement::{AlterKind, DropObject, StatementKind},
    },
};

/// Plays all steps, in their order.
pub(super) fn simulate(world: &mut World, steps: &[Step]) {
    for step in steps {
        let provider = Provider::of(step);
        match &step.kind {
            StepKind::Ddl(ddl) => statements(world, &ddl.statements, &provider),
            StepKind::SyncDrop(drop) => {
                world.pending_sync_drops.push((drop.table.clone(), step.id.clone()));
                statements(world, &drop.statements, &provider);
            }
            StepKind::Backfill(backfill) | StepKind::BackfillCheck(backfill) => {
                for assignment in &backfill.set {
                    let subject =
                        Subject::Filled(backfill.table.clone(), assignment.column.clone());
                    world.records.made.insert(subject, provider.clone());
                }
            }
            StepKind::IndexBuild(build) => {
                let name = crate::QualifiedName {
                    schema: build.table.schema.clone(),
                    name: build.index.clone(),
                };
                world.records.made.insert(Subject::Index(name), provider);
                if let Some(relation) = world.catalog.relation_mut(&build.table) {
                    relation.indexes.retain(|index| index.name != build.index);
                    relation.indexes.push(Index {
                        name: build.index.clone(),
                        method: "btree".to_owned(),
                        columns: Vec::new(),
                        unique: build.unique,
                        primary: false,
                        valid: true,
                        partial_or_expression: true,
                        constraint: None,
                        ..Index::default()
                    });
                }
            }
            StepKind::IndexDrop(drop) => {
                world.simulate_drop_index(&drop.table, &drop.index.name);
                world.records.removed.insert(Subject::Index(drop.index.clone()), provider);
            }
            StepKind::ConstraintValidate(validate) => {
                let subject =
                    Subject::Constraint(validate.table.clone(), validate.constraint.clone());
                world.records.made.insert(subject, provider);
            }
            StepKind::SyncInstall(_) | StepKind::Script(_) => {}
        }
    }
}

fn statements(world: &mut World, statements: &[String], provider: &Provider) {
    for statement in statements.iter().filter_map(|text| sql::parse(text).ok()).flatten() {
        match *statement.kind {
            StatementKind::AlterTable(alter) => {
                let table = world.resolve(&alter.name);
                for action in &alter.actions {
                    match &action.kind {
                        AlterKind::DropColumn { column, .. } => {
                            let subject = Subject::Column(table.clone(), column.clone());
                            world.records.removed.insert(subject, provider.clone());
                        }
                        AlterKind::DropConstraint { name, .. } => {
                            let subject = Subject::Constraint(table.clone(), name.clone());
                            world.records.removed.insert(subject, provider.clone());
                        }
                        AlterKind::AddColumn { column, .. } => {
                            let subject = Subject::Column(table.clone(), column.name.clone());
                            world.records.made.insert(subject, provider.clone());
                        }
                        _ => {}
                    }
                    world.simulate_alter(&table, &action.kind);
                }
            }
            StatementKind::CreateTable(create) => {
                let name = world.resolve_new(&create.name);
                world.simulate_create_table(&name, &create);
                world.records.made.insert(Subject::Relation(name), provider.clone());
            }
            StatementKind::Drop(drop) if drop.object == DropObject::Table => {
                for name in &drop.names {
                    let name = world.resolve(name);
                    world.catalog.relations.remove(&name.to_string());
                    world.records.removed.insert(Subject::Relation(name), provider.clone());
                }
            }
            _ => {}
        }
    }
}
