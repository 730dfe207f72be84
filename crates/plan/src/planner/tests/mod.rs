//! The planner's tests: migrations in, a short text form of the plan out.
//!
//! The catalog before is made by playing a setup's SQL; tests beside `tests/` in the package's root
//! hold the same against real servers.

mod at_once;
mod columns;
mod constraints;
mod fill_order;
mod objects;
mod pending;
mod properties;
mod refill;
mod sync;
mod taken_back;

use super::{Request, plan};
use crate::{
    model::{
        catalog::{Catalog, Volatility},
        identifier::Identifier,
        lock::LockHeld,
        migration::{AppliedMigration, Migration},
        plan::{Plan, PlanMode},
        step::{Course, Script, Step, StepKind},
    },
    rewrite, sql,
    world::{Work, World},
};

/// A catalog that holds what the setup creates, and a few of the server's functions.
pub(super) fn catalog(setup: &str) -> Catalog {
    let mut empty = Catalog {
        server_version: 150_018,
        search_path: vec![Identifier::from("public")],
        ..Catalog::default()
    };
    for (name, volatility) in [
        ("lower", Volatility::Immutable),
        ("md5", Volatility::Immutable),
        ("to_timestamp", Volatility::Stable),
        ("to_json", Volatility::Stable),
        ("nextval", Volatility::Volatile),
        ("random", Volatility::Volatile),
        ("gen_random_uuid", Volatility::Volatile),
        ("now", Volatility::Stable),
        ("table_to_xml", Volatility::Stable),
    ] {
        empty.functions.insert(name.to_owned(), volatility);
    }
    let mut world = World::new("shop", &empty);
    let migration = migration(1, setup);
    for (at, statement) in sql::parse(setup).unwrap().iter().enumerate() {
        let directives = statement.directives.as_ref().unwrap();
        let first_step = world.records.steps.len();
        let mut work = Work {
            world: &mut world,
            migration: &migration,
            number: at + 1,
            statement,
            directives,
            first_step,
            consulted: std::cell::RefCell::default(),
        };
        if let Err(refused) = rewrite::statement(&mut work) {
            panic!("{}: {} {}", statement.text, refused.rule.id, refused.reason);
        }
    }
    for relation in world.catalog.relations.values_mut() {
        relation.rows_estimate = 1_000_000;
    }
    world.catalog
}

pub(crate) fn migration(number: u64, text: &str) -> Migration {
    let file = (format!("{number:04}_m.sql"), text.to_owned());
    crate::source::read(&[file]).unwrap().remove(0)
}

/// What migrations are when they run as they are written.
pub(crate) fn scripts(migrations: &[Migration]) -> Vec<Script> {
    let (steps, refusals) = super::at_once::plan(&migrations.iter().collect::<Vec<_>>());
    assert!(refusals.is_empty(), "{refusals:?}");
    let script = |step: Step| match step.kind {
        StepKind::Script(script) => script,
        _ => panic!("{} is no script", step.id),
    };
    steps.into_iter().map(script).collect()
}

/// Plans one migration, number 2, on top of the setup.
pub(crate) fn planned(setup: &str, text: &str) -> Plan {
    planned_on(&catalog(setup), &[text], &[])
}

/// Plans several migrations, from number 2 on.
pub(super) fn planned_on(catalog: &Catalog, texts: &[&str], pending: &[Step]) -> Plan {
    let mut migrations = vec![migration(1, "select 1")];
    migrations.extend(texts.iter().zip(2..).map(|(text, number)| migration(number, text)));
    let applied = AppliedMigration {
        number: 1,
        name: "m".to_owned(),
        checksum: migrations[0].checksum.clone(),
    };
    let request = Request {
        app: "shop",
        migrations: &migrations,
        applied: &[applied],
        catalog,
        pending,
        mode: PlanMode::Online,
    };
    plan(request).unwrap()
}

/// The short text form of a plan: one line for each step, its locks, what it runs, and refusals.
pub(crate) fn show(plan: &Plan) -> String {
    let steps = plan.steps.iter().map(show_step);
    let refusals = plan.refusals.iter().map(|refusal| {
        format!(
            "REFUSED {} line {}: {}\n  why: {}\n  instead: {}",
            refusal.rule, refusal.line, refusal.statement, refusal.reason, refusal.remedy
        )
    });
    steps.chain(refusals).collect::<Vec<_>>().join("\n")
}

fn show_step(step: &Step) -> String {
    let floor = step.floor.map(|floor| format!(" floor={floor}")).unwrap_or_default();
    let serving =
        if step.before_serving && step.phase.as_str() != "expand" { " before-serving" } else { "" };
    let needs = match step.needs.len() {
        0 => String::new(),
        _ => format!(
            " needs {}",
            step.needs.iter().map(|need| need.as_str()).collect::<Vec<_>>().join(" ")
        ),
    };
    let mut lines =
        vec![format!("{} {}{floor}{serving}: {}{needs}", step.phase, step.id, step.title)];
    for lock in &step.locks {
        let held = match lock.held {
            LockHeld::Blink => "blink",
            LockHeld::Batch => "batch",
            LockHeld::WholeStep => "whole step",
        };
        lines.push(format!("  lock {} {} ({held})", lock.relation.plain(), lock.mode));
    }
    for line in runs(step) {
        lines.push(format!("  {}", crate::sql::one_line(&line)));
    }
    lines.join("\n")
}

fn runs(step: &Step) -> Vec<String> {
    match step.kind.course() {
        Course::Short(statements) => match &step.kind {
            StepKind::SyncInstall(_) => {
                statements.into_iter().filter(|text| text.starts_with("CREATE TRIGGER")).collect()
            }
            StepKind::IndexDrop(drop) => vec![format!("drop index {}", drop.drop.index)],
            _ => statements,
        },
        Course::SyncDrop(drop) => drop.all_statements(),
        Course::Backfill(fill) => fill
            .set
            .iter()
            .map(|set| {
                format!(
                    "set {} = {} where {} and {}",
                    set.column,
                    set.expression,
                    fill.filter.as_deref().unwrap_or("true"),
                    set.differs
                )
            })
            .collect(),
        Course::BackfillCheck(_) => Vec::new(),
        Course::IndexBuild(build) => {
            vec![format!(
                "index {} on {} {}",
                build.create.index, build.create.table, build.create.definition
            )]
        }
        Course::Long { validates: Some(validate), .. } => {
            vec![format!("validate {}", validate.constraint)]
        }
        Course::Outside { statements, .. } => match &step.kind {
            StepKind::IndexDrop(drop) => vec![format!("drop index {}", drop.drop.index)],
            _ => statements,
        },
        Course::Long { statements, .. } => statements,
        Course::Script(script) => {
            let mut lines = script.statements.clone();
            lines.push(format!("transactional: {}", script.transactional));
            lines
        }
    }
}

/// The rules by which statements were refused, in order.
pub(super) fn rules(plan: &Plan) -> Vec<&str> {
    plan.refusals.iter().map(|refusal| refusal.rule.as_str()).collect()
}

/// One table that most tests use.
pub(crate) const ORDERS: &str = "create table customers (id bigint primary key);
    create table orders (id bigint primary key, customer_id bigint, status text, total int,
        payload jsonb, created_at timestamptz not null, legacy text not null, nick varchar(20))";
