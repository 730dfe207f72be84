//! Runs a plan's steps in the plainest way that keeps to them: no batches, no short locks.

use crate::database::{Database, text};
use changeover_plan::{
    Course, Plan, Step,
    step::{Backfill, IndexBuild},
};

/// Runs all steps of a plan.
pub(crate) async fn run(database: &Database, plan: &Plan) {
    for step in &plan.steps {
        run_step(database, step).await;
    }
}

/// Runs one step.
pub(crate) async fn run_step(database: &Database, step: &Step) {
    for statement in statements(step) {
        if let Err(error) = database.client.batch_execute(&statement).await {
            panic!("{}: {statement}\n{}", step.id, text(&error));
        }
    }
    if let Course::BackfillCheck(check) = step.kind.course() {
        assert_eq!(differing(database, check).await, "0", "{}", step.id);
    }
}

/// How many rows differ from what the backfill says.
pub(crate) async fn differing(database: &Database, check: &Backfill) -> String {
    let differs: Vec<&str> = check.set.iter().map(|set| set.differs.as_str()).collect();
    let sql = format!(
        "SELECT count(*) FROM {} WHERE ({}) AND ({})",
        check.table,
        check.filter.as_deref().unwrap_or("true"),
        differs.join(" OR ")
    );
    let counted = database.value(&format!("BEGIN; {} {sql}; COMMIT", pins(check))).await;
    counted.trim().to_owned()
}

/// The settings of a backfill, for the transaction.
fn pins(backfill: &Backfill) -> String {
    let pin = |(name, value): (&String, &String)| {
        let literal = value.replace('\'', "''");
        format!("DO $$BEGIN PERFORM set_config('{name}', '{literal}', true); END$$;")
    };
    backfill.settings.iter().map(pin).collect()
}

/// The statements that a step runs.
pub(crate) fn statements(step: &Step) -> Vec<String> {
    let together = |statements: &[String]| {
        if statements.is_empty() {
            Vec::new()
        } else {
            vec![format!("BEGIN; {}; COMMIT", statements.join("; "))]
        }
    };
    match step.kind.course() {
        Course::Short(statements) | Course::Long { statements, .. } => together(&statements),
        Course::SyncDrop(drop) => together(&drop.all_statements()),
        Course::Backfill(backfill) => vec![fill(backfill)],
        Course::BackfillCheck(_) => Vec::new(),
        Course::IndexBuild(build) => vec![index(build)],
        Course::Outside { statements, .. } => statements,
        Course::Script(script) => script.statements.clone(),
    }
}

/// One `UPDATE` of all rows that differ; rows whose expression raises must not be there.
fn fill(backfill: &Backfill) -> String {
    let set: Vec<String> =
        backfill.set.iter().map(|set| format!("{} = {}", set.column, set.expression)).collect();
    let differs: Vec<&str> = backfill.set.iter().map(|set| set.differs.as_str()).collect();
    format!(
        "BEGIN; {} UPDATE {} SET {} WHERE ({}) AND ({}); COMMIT",
        pins(backfill),
        backfill.table,
        set.join(", "),
        backfill.filter.as_deref().unwrap_or("true"),
        differs.join(" OR ")
    )
}

fn index(build: &IndexBuild) -> String {
    let unique = if build.create.unique { "UNIQUE " } else { "" };
    let concurrently = if build.partitioned { "" } else { "CONCURRENTLY " };
    format!(
        "CREATE {unique}INDEX {concurrently}{} ON {} {}",
        build.create.index, build.create.table, build.create.definition
    )
}
