//! Plans for a database that nobody uses: each file is one step, run as it is written.
//!
//! Whether a statement is valid is left to the server; only what cannot be split is refused.

use crate::{
    model::{
        migration::Migration,
        plan::Refusal,
        step::{Phase, Script, Step, StepId, StepKind},
    },
    rule,
    sql::{self, RawStatement},
};

/// One step for each migration.
pub(super) fn plan(pending: &[&Migration]) -> (Vec<Step>, Vec<Refusal>) {
    let mut steps = Vec::new();
    let mut refusals = Vec::new();
    for migration in pending {
        match sql::split(&migration.text) {
            Ok(statements) => steps.push(step(migration, statements)),
            Err(error) => refusals.push(unsplittable(migration, &error)),
        }
    }
    (steps, refusals)
}

/// The refusal of a file that cannot be split into statements.
pub(super) fn unsplittable(migration: &Migration, error: &sql::SplitError) -> Refusal {
    Refusal {
        migration: migration.number,
        file: migration.file.clone(),
        line: error.line,
        statement: String::new(),
        rule: rule::unterminated::RULE.id.to_owned(),
        reason: error.reason.clone(),
        remedy: "close the quote or comment that begins on this line".to_owned(),
    }
}

fn step(migration: &Migration, raw: Vec<RawStatement>) -> Step {
    let marked = raw.first().is_some_and(|first| {
        first.comments.iter().any(|comment| comment.text.starts_with("-- no-transaction"))
    });
    let transactional = !migration.without_transaction
        && !marked
        && !raw.iter().any(|statement| forbids_transaction(&statement.text));
    let statements: Vec<String> = raw
        .into_iter()
        .map(|statement| statement.text)
        .filter(|text| !text.is_empty() && !is_transaction_mark(text))
        .collect();
    Step {
        id: StepId::new(migration.number, 0, "script"),
        migration: migration.number,
        file: migration.file.clone(),
        line: 1,
        title: format!("run {}", migration.file),
        phase: Phase::Expand,
        before_serving: true,
        requires: crate::model::capability::owner(),
        floor: None,
        needs: Vec::new(),
        locks: Vec::new(),
        reason: "nobody serves from this database, so the file runs as it is written".to_owned(),
        kind: StepKind::Script(Script { statements, transactional }),
        undo: Vec::new(),
        undo_locks: Vec::new(),
        lost: true,
    }
}

/// The statement's words in upper case, without comments' sake: only the first few matter.
pub(super) fn words(text: &str) -> Vec<String> {
    let without_comments: String = text
        .lines()
        .map(|line| line.split("--").next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join(" ");
    without_comments
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
        .take(8)
        .map(str::to_uppercase)
        .collect()
}

/// Whether the server refuses the statement within a transaction.
fn forbids_transaction(text: &str) -> bool {
    let words = words(text);
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let concurrently = words.iter().any(|word| word == "CONCURRENTLY");
    match (word(0), word(1)) {
        ("CREATE" | "DROP", "INDEX" | "UNIQUE") | ("REINDEX", _) => concurrently,
        ("VACUUM", _) => true,
        ("CREATE" | "DROP", "DATABASE" | "TABLESPACE" | "SUBSCRIPTION") => true,
        ("ALTER", "SYSTEM") => true,
        ("ALTER", "DATABASE") => words.iter().any(|word| word == "TABLESPACE"),
        ("ALTER", "TABLE") => concurrently && words.iter().any(|word| word == "DETACH"),
        _ => false,
    }
}

/// `BEGIN` and `COMMIT` around a file's statements: the step has a transaction of its own.
fn is_transaction_mark(text: &str) -> bool {
    let words = words(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["BEGIN" | "COMMIT" | "END"]
            | ["BEGIN" | "COMMIT" | "END", "TRANSACTION" | "WORK"]
            | ["START", "TRANSACTION"]
    )
}
