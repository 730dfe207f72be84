//! The parser's verdicts, held against the server's.

use crate::database::{Database, majors};
use changeover_plan::sql::{self, StatementKind};

/// Statements one a paragraph, valid or broken on every major; the server knows which.
const CORPUS: &str = include_str!("corpus.sql");

/// What the parser accepts and the server does not; such a statement fails in the step
/// that runs it, before anything has changed.
const KNOWN: [&str; 2] = ["DROP TABLE", "SELECT ARRAY[1, 2][1]"];

/// Whether the server's grammar accepts the statement: any error but a syntax error is one of
/// analysis, or of running it.
async fn server_accepts(database: &Database, statement: &str) -> bool {
    database.run("BEGIN").await;
    let outcome = database.client.batch_execute(statement).await;
    database.run("ROLLBACK").await;
    match outcome {
        Ok(()) => true,
        Err(error) => error.code().is_some_and(|code| code.code() != "42601"),
    }
}

fn parser_accepts(statement: &str) -> bool {
    let statements = sql::parse(statement);
    statements
        .is_ok_and(|all| all.iter().all(|one| !matches!(*one.kind, StatementKind::Broken { .. })))
}

#[tokio::test]
async fn the_parser_accepts_what_the_server_accepts() {
    let newest = majors().pop().unwrap();
    let database = Database::new(newest).await;
    database.run("SET statement_timeout = '5s'").await;
    let mut disagreements = Vec::new();
    let mut count = 0;
    for statement in CORPUS.split("\n\n").map(str::trim).filter(|text| !text.is_empty()) {
        count += 1;
        let (server, parser) =
            (server_accepts(&database, statement).await, parser_accepts(statement));
        if server != parser && !KNOWN.contains(&statement) {
            disagreements.push(format!("server {server}, parser {parser}: {statement}"));
        }
    }
    assert!(count >= 150, "{count} statements");
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

#[tokio::test]
async fn files_are_split_as_the_server_splits_them() {
    let database = Database::new(majors()[0]).await;
    let statements: Vec<&str> = CORPUS
        .split("\n\n")
        .map(str::trim)
        .filter(|text| !text.is_empty() && parser_accepts(text))
        .collect();
    let file = statements.join("\n;\n-- between\n");
    let split = sql::split(&file).unwrap();
    assert_eq!(split.len(), statements.len());
    for (raw, statement) in split.iter().zip(statements) {
        // Comments before a statement are no part of it.
        assert!(statement.contains(&raw.text), "{} | {statement}", raw.text);
        assert_eq!(&file[raw.span.clone()], raw.text);
    }
    drop(database);
}
