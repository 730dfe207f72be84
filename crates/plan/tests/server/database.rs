//! A database of its own for each test, and the planner's view of it.

use changeover_plan::{AppliedMigration, Catalog, Plan, PlanMode, Request, Step, plan, source};
use changeover_postgres::{Server, available_majors};
use tokio_postgres::{Client, NoTls};

/// The oldest, the machine's own and the newest major that can be started without fetching.
pub(crate) fn majors() -> Vec<u16> {
    let available = available_majors();
    let mut majors: Vec<u16> =
        [available.first(), available.iter().find(|major| **major == 15), available.last()]
            .into_iter()
            .flatten()
            .copied()
            .collect();
    majors.dedup();
    assert!(!majors.is_empty(), "no PostgreSQL server can be started here");
    majors
}

/// A database and a connection to it.
pub(crate) struct Database {
    pub(crate) client: Client,
    url: String,
}

impl Database {
    /// An empty database with the ledger's stub in it.
    pub(crate) async fn new(major: u16) -> Self {
        let server = Server::shared(major).unwrap();
        let name = server.fresh_database("plan").await.unwrap();
        let url = server.url("postgres", &name);
        let client = connect(&url).await;
        client.batch_execute(include_str!("ledger.sql")).await.unwrap();
        Self { client, url }
    }

    /// The same database in a session that remembers nothing.
    pub(crate) async fn reconnect(&mut self) {
        self.client = connect(&self.url).await;
    }

    /// An empty database in which the setup has run.
    pub(crate) async fn with(major: u16, setup: &str) -> Self {
        let database = Self::new(major).await;
        database.run(setup).await;
        database
    }

    /// Runs statements, which must succeed.
    pub(crate) async fn run(&self, sql: &str) {
        if let Err(error) = self.client.batch_execute(sql).await {
            panic!("{sql}\n{}", text(&error));
        }
    }

    /// One value as text; `NULL` where it is NULL.
    pub(crate) async fn value(&self, sql: &str) -> String {
        let rows = match self.client.simple_query(sql).await {
            Ok(rows) => rows,
            Err(error) => panic!("{sql}\n{}", text(&error)),
        };
        let mut values = Vec::new();
        for row in rows {
            if let tokio_postgres::SimpleQueryMessage::Row(row) = row {
                let columns = (0..row.len()).map(|at| row.get(at).unwrap_or("NULL").to_owned());
                values.push(columns.collect::<Vec<_>>().join(" "));
            }
        }
        values.join("\n")
    }

    /// The catalog as it is now.
    pub(crate) async fn catalog(&self) -> Catalog {
        let mut catalog = Catalog::default();
        for query in changeover_plan::catalog::load::QUERIES {
            if !query.applies(&catalog) {
                continue;
            }
            let rows = self.client.query(query.sql, &[]).await;
            for row in rows.unwrap_or_else(|error| panic!("{}\n{}", query.sql, text(&error))) {
                query.add(&mut catalog, row.get(0)).unwrap();
            }
        }
        catalog
    }

    /// Plans one migration, number 2, and makes sure that nothing of it is refused.
    pub(crate) async fn plan(&self, text: &str) -> Plan {
        let plan = self.plan_of(text).await;
        assert!(plan.refusals.is_empty(), "{text}\n{:#?}", plan.refusals);
        plan
    }

    /// Plans one migration, number 2.
    pub(crate) async fn plan_of(&self, text: &str) -> Plan {
        let files = [("0001_a.sql", "select 1"), ("0002_b.sql", text)]
            .map(|(n, t)| (n.to_owned(), t.to_owned()));
        let migrations = source::read(&files).unwrap();
        let applied = [AppliedMigration {
            number: 1,
            name: "a".to_owned(),
            checksum: migrations[0].checksum.clone(),
        }];
        let pending: [Step; 0] = [];
        let request = Request {
            app: "shop",
            migrations: &migrations,
            applied: &applied,
            catalog: &self.catalog().await,
            pending: &pending,
            mode: PlanMode::Online,
        };
        plan(request).unwrap()
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// An error with what the server says.
pub(crate) fn text(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |db| format!("{} {db}", db.code().code()))
}
