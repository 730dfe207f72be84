//! What statements cost: rows read against rows returned or written, on tables of two sizes.
//!
//! Both sizes have as many deployments, clusters and policies; what belongs to each of them grows, as it
//! does in hours of load. Every file with SQL of a release or of a worker is here, or the walk over the
//! folders fails. Rows read are PostgreSQL's own counts within the transaction: rows of sequential scans and
//! entries of index scans, whether or not a filter removes them, and those of triggers as well.

mod files;
mod measure;
mod workers;

use crate::stage::Stage;
use changeover_central::{
    population::Population,
    release::{RELEASES, Release},
    upgrade::in_one_go,
};
use measure::{Cost, measure};
use std::collections::BTreeMap;
use tokio_postgres::Client;

/// For each row returned or written so many may be read: a page reads an entry, the row and its policy.
const FACTOR: i64 = 4;
/// And so many besides: small tables that are read as a whole, and one entry of each branch of a page.
const BESIDES: i64 = 150;

/// By then the column is filled, and the index is dropped that only this needs.
const UNASKED: (u64, &str) = (213, "processes_half_filled");

const SIZES: [u64; 2] = [20_000, 100_000];

/// As many things as in the smaller size, with more rows each.
fn population(rows: u64) -> Population {
    Population { deployments: 99, images: 1_000, alerts: rows, ..Population::of(rows) }
}

/// A release's statements, or the workers', with what each cost: by name, mode and number of its values.
type Costs = BTreeMap<String, Cost>;

async fn migrate(stage: &Stage, head: u64) -> Client {
    in_one_go::migrate(&stage.owner_url(), head).await.expect("it migrates");
    let client = stage.superuser().await;
    client.batch_execute("VACUUM ANALYZE").await.expect("it analyzes");
    client
}

async fn of_release(client: &Client, release: &Release, population: Population) -> Costs {
    let mut costs = Costs::new();
    for statement in release.corpus_on(population) {
        if (release.head, statement.name) == UNASKED {
            continue;
        }
        for mode in ["force_custom_plan", "force_generic_plan"] {
            for (number, values) in statement.parameters.iter().enumerate() {
                let name = format!("{} {} {mode} {number}", release.name, statement.name);
                let settings = format!("SET LOCAL plan_cache_mode = {mode}");
                costs.insert(name, measure(client, statement.sql, values, &settings).await);
            }
        }
    }
    costs
}

/// All statements on tables of one size.
async fn of_size(rows: u64) -> Costs {
    let population = population(rows);
    let stage = Stage::seeded_with(&format!("cost_{rows}"), population).await;
    let mut costs = Costs::new();
    let mut client = None;
    for release in RELEASES {
        let migrated = migrate(&stage, release.head).await;
        // Ended, or vacuum could remove nothing for the next release.
        migrated.batch_execute("BEGIN").await.expect("it begins");
        costs.extend(of_release(&migrated, release, population).await);
        migrated.batch_execute("ROLLBACK").await.expect("it is undone");
        client = Some(migrated);
    }
    let client = client.expect("there are releases");
    client.batch_execute("BEGIN").await.expect("it begins");
    costs.extend(workers::costs(&client, population).await);
    costs
}

/// What costs more than what it returns, in words.
fn too_dear(costs: &Costs) -> Vec<String> {
    let allowed = |cost: &Cost| FACTOR * cost.useful + cost.piece + BESIDES;
    costs
        .iter()
        .filter(|(_, cost)| cost.read > allowed(cost))
        .map(|(name, cost)| format!("{name}: {cost:?}, allowed {}", allowed(cost)))
        .collect()
}

#[tokio::test]
async fn a_statement_costs_what_it_returns_however_large_the_tables_are() {
    let (small, large) = futures_util::join!(of_size(SIZES[0]), of_size(SIZES[1]));
    assert_eq!(too_dear(&small), Vec::<String>::new());
    assert_eq!(too_dear(&large), Vec::<String>::new());
    for (name, large) in &large {
        let small = &small[name];
        let returns_more = (large.useful - small.useful).max(0);
        let allowed = small.read * 3 / 2 + FACTOR * returns_more + BESIDES;
        assert!(large.read <= allowed, "{name} grows: {small:?} to {large:?}");
    }
}

/// The test above would notice: each of these indexes keeps something cheap.
#[tokio::test]
async fn without_its_index_a_statement_is_too_dear() {
    // Some 500 rows for each deployment: more than a page of processes may read.
    let population = population(50_000);
    let stage = Stage::seeded_with("cost_without", population).await;
    let release = RELEASES[0];
    let client = migrate(&stage, release.head).await;
    for index in [
        None,
        Some("alerts_page"),
        Some("alerts_page_of_cluster"),
        Some("alerts_active_deployment_id"),
        Some("alerts_policy_id"),
        Some("image_components_image_id"),
        Some("image_cves_component_id"),
        Some("process_indicators_deployment_start"),
    ] {
        client.batch_execute("BEGIN").await.expect("it begins");
        if let Some(index) = index {
            client.batch_execute(&format!("DROP INDEX {index}")).await.expect("it is there");
        }
        let mut costs = of_release(&client, release, population).await;
        costs.extend(workers::costs(&client, population).await);
        client.batch_execute("ROLLBACK").await.expect("it comes back");
        let dear = too_dear(&costs);
        assert_eq!(dear.is_empty(), index.is_none(), "without {index:?}: {dear:?}");
    }
}
