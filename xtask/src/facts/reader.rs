//! Reads the catalog again and again, thousands of times for one run of the chore.
//!
//! By the planner's own queries, each prepared once, since planning them takes as long as running them.
//! The server's thousands of functions are read only where one has changed. What no change's facts look
//! at is left out.

use anyhow::Context as _;
use changeover_plan::Catalog;
use changeover_plan::catalog::load;
use tokio_postgres::{Client, Statement};

const FUNCTIONS_STAMP: &str = include_str!("functions_stamp.sql");
/// One of the planner's queries.
const FUNCTIONS: &str = include_str!("../../../crates/plan/src/model/catalog/sql/functions.sql");
/// Another one, which takes a quarter of the time of all; only rewrites look at what it gives.
const DEPENDENCIES: &str =
    include_str!("../../../crates/plan/src/model/catalog/sql/dependencies.sql");

/// The queries on one connection, and what the last one gave.
pub(super) struct Reader {
    queries: Vec<(&'static load::Query, Statement)>,
    functions_stamp: Statement,
    stamp: String,
    /// Only its functions count.
    known: Catalog,
}

impl Reader {
    /// Prepares the queries.
    pub(super) async fn new(client: &Client) -> anyhow::Result<Self> {
        let mut queries = Vec::new();
        // The first query tells the version, by which the others are chosen.
        let mut head = Catalog::default();
        for query in load::QUERIES.iter().filter(|query| query.sql != DEPENDENCIES) {
            if query.applies(&head) {
                let prepared = client.prepare(query.sql).await.context("preparing the queries")?;
                if queries.is_empty() {
                    let row = client.query_one(&prepared, &[]).await.context("the version")?;
                    query.add(&mut head, row.get(0))?;
                }
                queries.push((query, prepared));
            }
        }
        let functions_stamp = client.prepare(FUNCTIONS_STAMP).await.context("preparing")?;
        Ok(Self { queries, functions_stamp, stamp: String::new(), known: Catalog::default() })
    }

    /// The catalog as it is now.
    pub(super) async fn read(&mut self, client: &Client) -> anyhow::Result<Catalog> {
        let mut catalog = Catalog::default();
        let row = client.query_one(&self.functions_stamp, &[]).await.context("new functions")?;
        let stamp: String = row.get(0);
        let known = stamp == self.stamp;
        for (query, prepared) in &self.queries {
            if known && query.sql == FUNCTIONS {
                continue;
            }
            for row in client.query(prepared, &[]).await.context("reading the catalog")? {
                query.add(&mut catalog, row.get(0))?;
            }
        }
        if known {
            catalog.functions.clone_from(&self.known.functions);
        } else {
            self.known.functions.clone_from(&catalog.functions);
            self.stamp = stamp;
        }
        Ok(catalog)
    }
}
