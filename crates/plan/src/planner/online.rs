//! Plans while older releases serve: each statement through its rewrite, then all steps in phase
//! order.

use std::cell::RefCell;

use super::{Request, at_once, pending};
use crate::{
    change::{self, Change},
    model::{migration::Migration, plan::Refusal, step::Step},
    rewrite, rule,
    sql::{self, Statement, StatementKind},
    world::{Refused, Work, World},
};

/// Plans the pending migrations.
pub(super) fn plan(request: Request<'_>, migrations: &[&Migration]) -> (Vec<Step>, Vec<Refusal>) {
    let mut world = World::new(request.app, request.catalog);
    pending::simulate(&mut world, request.pending);
    for migration in migrations {
        match sql::parse(&migration.text) {
            Ok(statements) => {
                for (at, statement) in statements.iter().enumerate() {
                    self::statement(&mut world, migration, at + 1, statement);
                }
            }
            Err(error) => world.refusals.push(at_once::unsplittable(migration, &error)),
        }
    }
    let World { records, refusals, .. } = world;
    let mut steps = records.steps;
    // Stable: within a phase the author's order stays.
    steps.sort_by_key(|step| step.phase);
    (steps, refusals)
}

fn statement(world: &mut World, migration: &Migration, number: usize, statement: &Statement) {
    let directives = match &statement.directives {
        Ok(directives) => directives,
        Err(error) => {
            let refused = Refused::new(&rule::directive::RULE, &error.reason, &error.remedy);
            world.refusals.push(refused.at(migration, statement, error.line));
            return;
        }
    };
    let first_step = world.records.begin();
    let consulted = RefCell::default();
    let mut work = Work { world, migration, number, statement, directives, first_step, consulted };
    let outcome = rewrite::statement(&mut work).and_then(|()| work.directives_used());
    if let Err(refused) = outcome {
        world.records.take_back();
        assume(world, statement);
        let line = match *statement.kind {
            StatementKind::Broken { line_offset, .. } => statement.line + line_offset,
            _ => statement.line,
        };
        world.refusals.push(refused.at(migration, statement, line));
    }
}

/// Plays a refused statement on the catalog as it is written, so that one refusal does not bring
/// about others: later statements may name what it was to make.
fn assume(world: &mut World, statement: &Statement) {
    let existed = |world: &World, name: &crate::QualifiedName| world.relation(name).is_some();
    for change in change::written(&world.catalog, statement).unwrap_or_default() {
        match &change {
            Change::AddColumn(add) => {
                let value = add.column.default.clone().filter(|_| !add.fills_rows);
                let key = (add.table.clone(), add.column.name.clone());
                world.new_columns.insert(key, value);
            }
            Change::CreateTable(create) if !existed(world, &create.relation.name) => {
                world.new_relations.insert(create.relation.name.clone());
            }
            Change::CreateView(create) if !existed(world, &create.name) => {
                world.new_relations.insert(create.name.clone());
            }
            _ => {}
        }
        world.apply(&change);
    }
}
