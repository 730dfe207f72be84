//! Runs one statement and reads from the server what it does.

use anyhow::Context as _;
use changeover_plan::sql::{Statement, StatementKind};
use changeover_plan::{Catalog, Change, Facts, LockMode, QualifiedName, catalog::load, change};
use tokio_postgres::Client;

const RELATIONS: &str = include_str!("observe.sql");
const BEFORE: &str = include_str!("before.sql");
const FILL: &str = include_str!("fill.sql");

/// What a statement did to relations that were there before.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) locks: Vec<(QualifiedName, LockMode)>,
    pub(super) rewritten: Vec<QualifiedName>,
    pub(super) scanned: Vec<QualifiedName>,
}

/// What became of a statement.
pub(super) enum Outcome {
    /// It ran: the catalog before, what was predicted, what it did.
    Ran(Box<(Catalog, Facts, Seen)>),
    /// It ran, and the planner does not know what it changes.
    NotUnderstood,
    /// It cannot run here, or not in a transaction.
    NotRun,
}

/// Runs a statement and reads what it did.
pub(super) async fn run(client: &Client, statement: &Statement) -> anyhow::Result<Outcome> {
    let catalog = read(client).await?;
    let Some(changes) = change::written(&catalog, statement) else {
        // Later statements may need it.
        return Ok(match client.batch_execute(&statement.text).await {
            Ok(()) => Outcome::NotUnderstood,
            Err(_) => Outcome::NotRun,
        });
    };
    let facts = facts(&catalog, &changes);
    if facts.outside_transaction {
        // A failure leaves the database as the history's later files expect it, or they fail too.
        drop(client.batch_execute(&statement.text).await);
        return Ok(Outcome::NotRun);
    }
    client.batch_execute(BEFORE).await.context("noting what is there")?;
    if client.batch_execute(&statement.text).await.is_err() {
        client.batch_execute("ROLLBACK").await?;
        return Ok(Outcome::NotRun);
    }
    let seen = seen(client, statement).await;
    client.batch_execute("COMMIT").await?;
    Ok(Outcome::Ran(Box::new((catalog, facts, seen?))))
}

/// What several changes do one after the other.
fn facts(catalog: &Catalog, changes: &[Change]) -> Facts {
    let mut catalog = catalog.clone();
    let mut all = Facts::default();
    for change in changes {
        all = all.and(change.facts(&catalog));
        change.apply(&mut catalog);
    }
    all
}

async fn seen(client: &Client, statement: &Statement) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    let writes_rows = matches!(
        *statement.kind,
        StatementKind::Update(_) | StatementKind::Insert(_) | StatementKind::Remove { .. }
    );
    for row in client.query(RELATIONS, &[]).await.context("reading what it did")? {
        let name = QualifiedName::new(row.get::<_, String>(0), row.get::<_, String>(1));
        let modes: Vec<String> = row.get(2);
        let modes = modes.iter().filter_map(|mode| LockMode::from_pg_locks_name(mode));
        seen.locks.extend(modes.map(|mode| (name.clone(), mode)));
        if row.get(3) {
            seen.rewritten.push(name.clone());
        }
        // What writes rows reads them, too; that is no scan of a catalog change.
        if row.get(4) && !writes_rows {
            seen.scanned.push(name);
        }
    }
    Ok(seen)
}

/// The catalog as it is now.
async fn read(client: &Client) -> anyhow::Result<Catalog> {
    let mut catalog = Catalog::default();
    for query in &load::QUERIES {
        if query.applies(&catalog) {
            for row in client.query(query.sql, &[]).await.context("reading the catalog")? {
                query.add(&mut catalog, row.get(0))?;
            }
        }
    }
    Ok(catalog)
}

/// Puts a row into each table that takes one, so that a scan has something to read.
pub(super) async fn fill(client: &Client) -> anyhow::Result<()> {
    client.batch_execute(FILL).await.context("filling the tables")
}
