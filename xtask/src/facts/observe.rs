//! Runs one statement and reads from the server what it does.

use super::reader::Reader;
use anyhow::Context as _;
use changeover_plan::sql::{Statement, StatementKind, statement::AlterKind};
use changeover_plan::{Catalog, Facts, LockMode, QualifiedName, change};
use std::fmt;
use tokio_postgres::{Client, error::SqlState};

const RELATIONS: &str = include_str!("observe.sql");
const SESSION: &str = include_str!("session.sql");
const BEFORE: &str = include_str!("before.sql");
const FILL: &str = include_str!("fill.sql");

/// What a statement did to relations that were there before.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) locks: Vec<(QualifiedName, LockMode)>,
    pub(super) rewritten: Vec<QualifiedName>,
    pub(super) scanned: Vec<QualifiedName>,
}

/// Why a statement was not compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Skipped {
    /// A file that cannot be taken apart.
    NotSplit,
    /// The planner does not say what it changes, and refuses it.
    NotUnderstood,
    /// It cannot run in a transaction, so its locks are gone when it is done.
    OutsideTransaction,
    /// It begins or ends a transaction; the chore has its own.
    Transaction,
    /// It has CASCADE, which the planner always refuses: it takes along what it does not name.
    Cascade,
    /// The server refuses it, with this code.
    Fails(String),
}

impl fmt::Display for Skipped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSplit => out.write_str("not split"),
            Self::NotUnderstood => out.write_str("not understood"),
            Self::OutsideTransaction => out.write_str("outside of a transaction"),
            Self::Cascade => out.write_str("drop by CASCADE"),
            Self::Transaction => out.write_str("begin or end one"),
            Self::Fails(code) => write!(out, "fail with {code}"),
        }
    }
}

/// What became of a statement.
pub(super) enum Outcome {
    /// It ran: the catalog before, what was predicted, what it did.
    Ran(Box<(Catalog, Facts, Seen)>),
    /// It is not compared: why, and what the server said.
    Skipped(Skipped, String),
}

/// Runs statements on one database and reads what they do.
pub(super) struct Observer {
    client: Client,
    /// The catalog as it was last read, until something may have changed it.
    catalog: Option<Catalog>,
    reader: Reader,
}

impl Observer {
    /// Takes over a connection.
    pub(super) async fn new(client: Client) -> anyhow::Result<Self> {
        client.batch_execute(SESSION).await.context("setting the session up")?;
        let reader = Reader::new(&client).await?;
        Ok(Self { client, catalog: None, reader })
    }

    /// Runs a statement and reads what it did.
    pub(super) async fn run(&mut self, statement: &Statement) -> anyhow::Result<Outcome> {
        if matches!(*statement.kind, StatementKind::Transaction(_)) {
            return Ok(Outcome::Skipped(Skipped::Transaction, String::new()));
        }
        let catalog = match self.catalog.take() {
            Some(catalog) => catalog,
            None => self.reader.read(&self.client).await?,
        };
        let client = &self.client;
        let Some(changes) = change::written(&catalog, statement) else {
            return Ok(pass_over(client, statement, Skipped::NotUnderstood).await);
        };
        if cascades(statement) {
            return Ok(pass_over(client, statement, Skipped::Cascade).await);
        }
        let facts = change::facts_of_statement(&catalog, &changes);
        if facts.outside_transaction {
            return Ok(pass_over(client, statement, Skipped::OutsideTransaction).await);
        }
        client.batch_execute(BEFORE).await.context("noting what is there")?;
        if let Err(error) = client.batch_execute(&statement.text).await {
            client.batch_execute("ROLLBACK").await.context("after a failure")?;
            self.catalog = Some(catalog);
            let code = error.code().map_or("no answer", SqlState::code).to_owned();
            return Ok(Outcome::Skipped(Skipped::Fails(code), said(&error)));
        }
        let seen = seen(client, statement).await;
        client.batch_execute("COMMIT").await.context("committing")?;
        if changes_no_catalog(statement) {
            self.catalog = Some(catalog.clone());
        }
        Ok(Outcome::Ran(Box::new((catalog, facts, seen?))))
    }

    /// Puts a row into each table that takes one, so that a scan has something to read.
    pub(super) async fn fill(&self) -> anyhow::Result<()> {
        self.client.batch_execute(FILL).await.context("filling the tables")
    }
}

/// Runs a statement without comparing: later ones may need what it does. Where it fails, the database is as
/// they expect it all the same, or they fail too.
async fn pass_over(client: &Client, statement: &Statement, why: Skipped) -> Outcome {
    let ran = client.batch_execute(&statement.text).await;
    Outcome::Skipped(why, ran.as_ref().map_or_else(said, |()| String::new()))
}

fn said(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned())
}

fn cascades(statement: &Statement) -> bool {
    match &*statement.kind {
        StatementKind::Drop(drop) => drop.cascade,
        StatementKind::AlterTable(alter) => alter.actions.iter().any(|action| {
            matches!(
                action.kind,
                AlterKind::DropColumn { cascade: true, .. }
                    | AlterKind::DropConstraint { cascade: true, .. }
            )
        }),
        _ => false,
    }
}

fn changes_no_catalog(statement: &Statement) -> bool {
    writes_rows(statement) || matches!(*statement.kind, StatementKind::Comment { .. })
}

fn writes_rows(statement: &Statement) -> bool {
    matches!(
        *statement.kind,
        StatementKind::Update(_) | StatementKind::Insert(_) | StatementKind::Remove { .. }
    )
}

async fn seen(client: &Client, statement: &Statement) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    for row in client.query(RELATIONS, &[]).await.context("reading what it did")? {
        let name = QualifiedName::new(row.get::<_, String>(0), row.get::<_, String>(1));
        let modes: Vec<String> = row.get(2);
        let modes = modes.iter().filter_map(|mode| LockMode::from_pg_locks_name(mode));
        seen.locks.extend(modes.map(|mode| (name.clone(), mode)));
        if row.get(3) {
            seen.rewritten.push(name.clone());
        }
        // What writes rows reads them, too; that is no scan of a catalog change.
        if row.get(4) && !writes_rows(statement) {
            seen.scanned.push(name);
        }
    }
    Ok(seen)
}
