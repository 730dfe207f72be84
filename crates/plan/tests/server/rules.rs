//! The examples of the rules: what is bad is refused by its rule, what is good is planned and is SQL
//! that the server takes.
//!
//! Each example has a transaction of its own, which is rolled back: a database would take longer.

use crate::database::{Database, majors, text};
use changeover_plan::rule::{self, Example, Rule};

/// By which rules the example is refused.
async fn refusals(database: &Database, example: &Example) -> Vec<String> {
    let plan = database.plan_of(example.migration).await;
    plan.refusals.into_iter().map(|refusal| refusal.rule).collect()
}

/// Runs the statements of a migration in the open transaction, without its own `BEGIN` and `COMMIT`.
async fn run(database: &Database, migration: &str) -> Result<(), tokio_postgres::Error> {
    for statement in changeover_plan::sql::split(migration).unwrap() {
        if !["BEGIN", "COMMIT"].contains(&statement.text.as_str()) {
            database.client.batch_execute(&statement.text).await?;
        }
    }
    Ok(())
}

/// What is wrong with an example, if anything is.
async fn fault(
    database: &Database,
    rule: &Rule,
    example: &Example,
    is_bad: bool,
) -> Option<String> {
    database.run("BEGIN").await;
    database.run(example.before).await;
    let refused_by = refusals(database, example).await;
    let outcome = if is_bad { Ok(()) } else { run(database, example.migration).await };
    database.run("ROLLBACK").await;
    let wanted: &[&str] = if is_bad { &[rule.id] } else { &[] };
    if refused_by != wanted {
        return Some(format!("refused by {refused_by:?}, not by {wanted:?}"));
    }
    outcome.err().map(|error| text(&error))
}

#[tokio::test]
async fn bad_examples_are_refused_by_their_rule_and_good_ones_planned() {
    let mut faults = Vec::new();
    for (at, major) in majors().into_iter().enumerate() {
        let database = Database::new(major).await;
        // Compiling the catalog's queries takes longer than running them on so small a database.
        database.run("SET jit = off").await;
        for rule in rule::ALL {
            let bad = rule.bad.iter().map(|example| (example, true));
            let good = rule.good.iter().map(|example| (example, false));
            for (example, is_bad) in bad.chain(good).filter(|(example, _)| {
                // What is the same on every major is looked at on one.
                example.holds_on(major) && (at == 0 || example.is_of_some_majors())
            }) {
                if let Some(fault) = fault(&database, rule, example, is_bad).await {
                    faults.push(format!("{} on {major}: {fault}\n{}", rule.id, example.migration));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}
