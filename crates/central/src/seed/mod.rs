//! Fills central's tables, from thousands to tens of millions of rows.
//!
//! Called by `central seed`, the demo and tests. Rows are made by the database itself, over two
//! connections, in chunks, each a transaction; the same size and seed give the same rows, with the keys of
//! [`crate::population::Population`]. The tables must be there, empty, as release 4.8 has them.
//! SQL: beside this file, one for each table.

use crate::{
    database,
    error::CentralError,
    population::{COMPONENTS_PER_IMAGE, Kind, Population},
};
use std::sync::{Mutex, PoisonError};
use tokio_postgres::{Client, types::ToSql};

/// Rows of one chunk: about a second's work, so that progress is seen to move.
const CHUNK_ROWS: u64 = 50_000;

/// How far the filling is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedProgress {
    /// The table that is being filled.
    pub table: &'static str,
    /// Rows that are there, over all tables.
    pub rows_done: u64,
    /// Rows that there will be.
    pub rows_total: u64,
}

/// One table: how many units it is made of, and what its statement takes after (first, last, count).
struct Table {
    name: &'static str,
    sql: &'static str,
    count: u64,
    rest: Vec<u64>,
}

/// What was done so far, told by both connections.
struct Tally<F> {
    rows_done: u64,
    rows_total: u64,
    on_progress: F,
}

impl<F: FnMut(SeedProgress)> Tally<F> {
    fn add(&mut self, table: &'static str, rows: u64) {
        self.rows_done += rows;
        let Self { rows_done, rows_total, .. } = *self;
        (self.on_progress)(SeedProgress { table, rows_done, rows_total });
    }
}

/// Fills the tables. `seed` changes the values, not the keys.
///
/// # Errors
/// When the tables are missing or not empty, or the connection is lost; what is there by then, stays.
pub async fn seed(
    population: Population,
    seed: u32,
    owner_url: &str,
    on_progress: impl FnMut(SeedProgress) + Send,
) -> Result<(), CentralError> {
    let connect = || database::connect(owner_url, "central-seed", "seeding");
    let (one, other) = tokio::try_join!(connect(), connect())?;
    make_partitions(&one, population).await?;
    // process_indicators refers to no other table and takes as long as all others together.
    let (indicators, others): (Vec<_>, Vec<_>) = tables(population, u64::from(seed))
        .into_iter()
        .partition(|table| table.name == "process_indicators");
    let rows_total = indicators.iter().chain(&others).map(|table| table.count).sum();
    let tally = Mutex::new(Tally { rows_done: 0, rows_total, on_progress });
    tokio::try_join!(fill(&one, &indicators, &tally), fill(&other, &others, &tally))?;
    one.batch_execute("ANALYZE").await.map_err(CentralError::sql("analyzing the tables"))
}

/// Fills tables one after the other, in chunks.
async fn fill<F: FnMut(SeedProgress) + Send>(
    client: &Client,
    tables: &[Table],
    tally: &Mutex<Tally<F>>,
) -> Result<(), CentralError> {
    for table in tables {
        let statement = client
            .prepare(table.sql)
            .await
            .map_err(CentralError::sql(format!("preparing the rows of {}", table.name)))?;
        let mut first = 0;
        while first < table.count {
            let end = (first + CHUNK_ROWS).min(table.count);
            let numbers: Vec<i64> = [first, end - 1, table.count]
                .into_iter()
                .chain(table.rest.iter().copied())
                .map(u64::cast_signed)
                .collect();
            let parameters: Vec<&(dyn ToSql + Sync)> =
                numbers.iter().map(|number| number as &(dyn ToSql + Sync)).collect();
            client
                .execute(&statement, &parameters)
                .await
                .map_err(CentralError::sql(format!("filling {}", table.name)))?;
            let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.add(table.name, end - first);
            first = end;
        }
    }
    Ok(())
}

/// One partition of network_flows for each cluster; the default one stays for clusters to come.
async fn make_partitions(client: &Client, population: Population) -> Result<(), CentralError> {
    for number in 0..population.clusters {
        let cluster = population.key(Kind::Cluster, number);
        // Both the number and the uuid are ours and need no quoting.
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS network_flows_{number} \
             PARTITION OF network_flows FOR VALUES IN ('{cluster}')"
        );
        client
            .batch_execute(&sql)
            .await
            .map_err(CentralError::sql(format!("making partition network_flows_{number}")))?;
    }
    Ok(())
}

fn tables(population: Population, seed: u64) -> Vec<Table> {
    let Population { rows, clusters, deployments, images, policies, alerts } = population;
    let table = |name, sql, count, rest| Table { name, sql, count, rest };
    vec![
        table("clusters", include_str!("clusters.sql"), clusters, vec![]),
        table("deployments", include_str!("deployments.sql"), deployments, vec![clusters, images]),
        table("policies", include_str!("policies.sql"), policies, vec![]),
        table("images", include_str!("images.sql"), images, vec![COMPONENTS_PER_IMAGE]),
        table(
            "image_components",
            include_str!("image_components.sql"),
            images,
            vec![COMPONENTS_PER_IMAGE],
        ),
        table("image_cves", include_str!("image_cves.sql"), images, vec![COMPONENTS_PER_IMAGE]),
        table(
            "alerts",
            include_str!("alerts.sql"),
            alerts,
            vec![clusters, deployments, seed, policies],
        ),
        table(
            "process_indicators",
            include_str!("process_indicators.sql"),
            rows,
            vec![clusters, deployments, seed],
        ),
        table(
            "network_flows",
            include_str!("network_flows.sql"),
            rows,
            vec![clusters, deployments, seed],
        ),
    ]
}
